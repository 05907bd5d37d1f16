"""Names of companies and people."""

from random import Random

import msgspec

COMPANY_TRADES = (
    "Autotrasporti",
    "Caseificio",
    "Cantine",
    "Carpenteria Metallica",
    "Cartiera",
    "Ceramiche",
    "Costruzioni Edili",
    "Elettromeccanica",
    "Falegnameria",
    "Farmacia",
    "Frantoio",
    "Impianti Elettrici",
    "Lavanderia Industriale",
    "Logistica",
    "Maglificio",
    "Officine",
    "Pasticceria",
    "Pastificio",
    "Residenza Sanitaria",
    "Salumificio",
    "Studio Notarile",
    "Tipografia",
    "Torrefazione",
    "Vivai",
)
LEGAL_FORMS = ("S.r.l.", "S.p.A.", "S.n.c.", "S.a.s.", "S.r.l.s.", "Soc. Coop.")
FAMILY_NAMES = (
    "Rossi", "Ferrari", "Russo", "Bianchi", "Colombo", "Esposito", "Ricci", "Marino", "Greco", "Bruno",
    "Gallo", "Conti", "De Luca", "Mancini", "Costa", "Giordano", "Rizzo", "Lombardi", "Moretti", "Barbieri",
    "Fontana", "Santoro", "Mariani", "Rinaldi", "Caruso", "Ferrara", "Galli", "Martini", "Leone", "Longo",
    "Gentile", "Martinelli", "Vitale", "Lombardo", "Serra", "Coppola", "De Santis", "D'Angelo", "Marchetti", "Parisi",
    "Villa", "Conte", "Ferraro", "Ferri", "Fabbri", "Bianco", "Marini", "Grasso", "Valentini", "Messina",
    "Sala", "De Angelis", "Gatti", "Pellegrini", "Palumbo", "Sanna", "Farina", "Rizzi", "Monti", "Cattaneo",
    "Morelli", "Amato", "Silvestri", "Mazza", "Testa", "Grassi", "Pellegrino", "Carbone", "Giuliani", "Benedetti",
)  # fmt: skip
WOMEN = (
    "Giulia", "Francesca", "Chiara", "Sara", "Martina", "Valentina", "Alessia", "Elisa", "Elena", "Silvia",
    "Federica", "Laura", "Paola", "Anna", "Maria Grazia", "Roberta", "Simona", "Noemi", "Zoé", "Lucia",
)  # fmt: skip
MEN = (
    "Marco", "Alessandro", "Andrea", "Luca", "Matteo", "Davide", "Francesco", "Giuseppe", "Antonio", "Stefano",
    "Roberto", "Paolo", "Giovanni", "Niccolò", "Simone", "Fabio", "Michele", "Daniele", "Gian Luca", "Pietro",
)  # fmt: skip


class Person(msgspec.Struct, frozen=True):
    """Somebody who works at a company."""

    given_name: str
    family_name: str
    is_woman: bool

    @property
    def full_name(self) -> str:
        """Given name, family name."""
        return f"{self.given_name} {self.family_name}"


def person(draw: Random) -> Person:
    """Anybody."""
    is_woman = draw.random() < 0.5
    return Person(draw.choice(WOMEN if is_woman else MEN), draw.choice(FAMILY_NAMES), is_woman)


def company_name(number: int, draw: Random) -> str:
    """An invented name; no two of the first `len(COMPANY_TRADES) * len(FAMILY_NAMES)` numbers share one."""
    generation, trade = divmod(number, len(COMPANY_TRADES))
    # Names of families move on by a step from trade to trade, so that neighbours in a list look different.
    family = FAMILY_NAMES[(generation + trade * 29) % len(FAMILY_NAMES)]
    return f"{COMPANY_TRADES[trade]} {family} {draw.choice(LEGAL_FORMS)}"


def without_legal_form(name: str) -> str:
    """How people call a company: its name without S.r.l. and the like, where that is how it ends."""
    form = next((form for form in LEGAL_FORMS if name.endswith(f" {form}")), "")
    return name.removesuffix(form).strip()
