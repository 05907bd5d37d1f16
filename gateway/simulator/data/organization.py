"""Organizations (TMF632): the legal persons, with P.IVA, contacts and legal representative."""

from datetime import date

from gateway.simulator.data.check_digits import fiscal_code, vat_number
from gateway.simulator.data.company import Company, Resource
from gateway.simulator.data.names import person, without_legal_form
from gateway.simulator.data.places import street

PARTY = "/tmf-api/party/v4"
# The first seven digits are handed out in order; so high hardly a real company has them.
FIRST_VAT_COMPANY = 9_700_000


def organization(company: Company) -> Resource:
    """The company's organization."""
    draw, city = company.draw, company.city
    representative = person(draw)
    birth_date = date(draw.randint(1950, 1992), draw.randint(1, 12), draw.randint(1, 28))
    document: Resource = {
        "id": company.id,
        "href": f"{PARTY}/organization/{company.id}",
        "name": company.name,
        "organizationType": "company",
        "isLegalEntity": True,
        "status": "validated",
        "organizationIdentification": [
            {
                "identificationType": "VAT",
                "identificationId": vat_number(FIRST_VAT_COMPANY + company.number * 7, city.tax_office),
            }
        ],
        "contactMedium": _contact_media(company),
        "relatedParty": [
            {
                "id": f"ind-{company.key}",
                "name": representative.full_name,
                "role": "legalRepresentative",
                "@referredType": "Individual",
            }
        ],
        "partyCharacteristic": [
            {
                "name": "legalRepresentativeFiscalCode",
                "value": fiscal_code(
                    representative.given_name,
                    representative.family_name,
                    birth_date,
                    is_woman=representative.is_woman,
                    birthplace_code=city.cadastral_code,
                ),
            }
        ],
        "@type": "Organization",
    }
    trading_name = without_legal_form(company.name)
    return {**document, "tradingName": trading_name} if trading_name != company.name else document


def _contact_media(company: Company) -> list[Resource]:
    city, domain = company.city, company.email_domain
    media: list[Resource] = [
        {"mediumType": "email", "characteristic": {"emailAddress": f"amministrazione@{domain}"}},
        {"mediumType": "mobile", "characteristic": {"phoneNumber": company.serials.mobile_number()}},
        {
            "mediumType": "postalAddress",
            "characteristic": {
                "street1": street(company.draw),
                "postCode": city.postcode,
                "city": city.name,
                "stateOrProvince": city.province,
                "country": "IT",
            },
        },
    ]
    if company.plan.has_pec:
        address = f"{domain.removesuffix('.example')}@pec.example"
        media.insert(0, {"mediumType": "PEC", "characteristic": {"emailAddress": address}})
    return media
