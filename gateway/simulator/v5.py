"""Documents as version 5 of TM Forum's APIs has them; a change takes an object and the attribute it stands under."""

from typing import Any

Document = dict[str, Any]

REFERENCES = (
    ("relatedParty", "RelatedPartyRefOrPartyRoleRef", "partyOrPartyRole"),
    ("relatedEntity", "RelatedEntity", "entity"),
)
"""Attributes whose references v5 nests: the type of what holds them, and under which name it does."""

MEDIA = {"emailAddress": "EmailContactMedium", "phoneNumber": "PhoneContactMedium"}
"""What a contact medium is, by an attribute that it has; any other is an address."""


def with_nested_references(document: Document, _attribute: str) -> Document:
    """Parties and entities one level down: only the role stays beside them."""
    nested = {
        attribute: [
            {"role": reference["role"], "@type": type, inner: {k: v for k, v in reference.items() if k != "role"}}
            for reference in document[attribute]
        ]
        for attribute, type, inner in REFERENCES
        if attribute in document
    }
    return {**document, **nested}


def with_flat_media(document: Document, attribute: str) -> Document:
    """A contact medium with its address or number beside its kind."""
    if attribute != "contactMedium":
        return document
    told = document["characteristic"]
    kind = next((kind for name, kind in MEDIA.items() if name in told), "GeographicAddressContactMedium")
    return {"@type": kind, "contactType": document["mediumType"], **told}


def with_type(document: Document, attribute: str) -> Document:
    """An object that says what it is: a reference to what it refers to, anything else what its attribute is called."""
    if "@type" in document:
        return document
    referred = document.get("@referredType")
    name = f"{attribute[:1].upper()}{attribute[1:]}" or "Error"
    return {**document, "@type": name if referred is None else f"{referred}Ref"}
