"""Addresses, with each city's CAP, province, area code and the code it has in a codice fiscale."""

from random import Random

import msgspec

STREETS = (
    "Via Dante", "Via Giuseppe Garibaldi", "Via Roma", "Corso Italia", "Via Giuseppe Mazzini", "Piazza della Libertà",
    "Via Guglielmo Marconi", "Viale della Repubblica", "Via Alessandro Volta", "Via Giacomo Matteotti",
    "Via dell'Industria", "Via XX Settembre", "Via Camillo Benso di Cavour", "Strada Provinciale", "Largo Augusto",
    "Via Galileo Galilei", "Via Torino", "Via dei Mille", "Contrada Sant'Agata", "Via Leonardo da Vinci",
)  # fmt: skip


class City(msgspec.Struct, frozen=True):
    """A city; `tax_office` is the number of its provincial office in a P.IVA."""

    name: str
    postcode: str
    province: str
    area_code: str
    cadastral_code: str
    tax_office: int


CITIES = (
    City("Milano", "20121", "MI", "02", "F205", 15),
    City("Torino", "10121", "TO", "011", "L219", 1),
    City("Roma", "00184", "RM", "06", "H501", 58),
    City("Napoli", "80133", "NA", "081", "F839", 63),
    City("Bologna", "40121", "BO", "051", "A944", 37),
    City("Firenze", "50122", "FI", "055", "D612", 48),
    City("Bari", "70121", "BA", "080", "A662", 72),
    City("Palermo", "90133", "PA", "091", "G273", 82),
    City("Genova", "16121", "GE", "010", "D969", 10),
    City("Verona", "37121", "VR", "045", "L781", 23),
    City("Padova", "35121", "PD", "049", "G224", 28),
    City("Brescia", "25121", "BS", "030", "B157", 17),
    City("Bergamo", "24121", "BG", "035", "A794", 16),
    City("Cagliari", "09124", "CA", "070", "B354", 92),
    City("Forlì", "47121", "FC", "0543", "D704", 40),
    City("Bolzano", "39100", "BZ", "0471", "A952", 21),
)


def street_address(city: City, draw: Random) -> str:
    """As people write it: Via Dante 7, 20121 Milano MI."""
    return f"{street(draw)}, {city.postcode} {city.name} {city.province}"


def street(draw: Random) -> str:
    """A street and a number in it."""
    return f"{draw.choice(STREETS)} {draw.randint(1, 120)}"
