"""Documents that were read before: clients send the same few texts again and again."""

from collections import OrderedDict

from gateway.admission.document import Document

CHARACTERS_EACH = 400
"""Mean length of a text, for the bound on all of them: a character costs up to 300 bytes of syntax tree and plan."""

SHARE_MAX = 10
"""A text may take a tenth of the whole, so that one client's monster does not push out everybody's screens."""


class DocumentCache:
    """The `count_max` texts that were used last, and no more than 400 times as many characters.

    Only documents that were admitted are kept. One that is refused belongs to a client under development or to an
    attacker, who can make any number of different ones: keeping those would push out the documents that are used.
    """

    def __init__(self, count_max: int) -> None:
        self._count_max = count_max
        self._characters_max = count_max * CHARACTERS_EACH
        self._characters = 0
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._documents)

    def get(self, text: str) -> Document | None:
        """The document of a text that was put before and not pushed out since."""
        document = self._documents.get(text)
        if document is None:
            self.misses += 1
        else:
            self.hits += 1
            self._documents.move_to_end(text)
        return document

    def put(self, text: str, document: Document) -> None:
        """Keeps a document, unless its text is too long; those unused for the longest time make room."""
        if len(text) * SHARE_MAX > self._characters_max or text in self._documents:
            return
        self._documents[text] = document
        self._characters += len(text)
        while len(self._documents) > self._count_max or self._characters > self._characters_max:
            oldest, _ = self._documents.popitem(last=False)
            self._characters -= len(oldest)
