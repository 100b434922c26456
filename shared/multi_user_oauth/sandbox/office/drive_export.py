"""What Google's editors give out of a document: its text, or a small PDF of it."""

from typing import Final

TEXT: Final = "text/plain"
PDF: Final = "application/pdf"
FORMATS: Final = (TEXT, PDF)


def exported(text: str, mime_type: str) -> bytes:
    """Give a document in one of FORMATS."""
    return b"\xef\xbb\xbf" + text.encode() if mime_type == TEXT else _pdf(text)


def _pdf(text: str) -> bytes:
    """Give one page of text (ISO 32000-1, 7.5); letters that Latin 1 lacks become question marks."""
    lines = [
        line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
        for line in text.splitlines()
    ]
    drawn = "".join(f"({line}) Tj T*\n" for line in lines)
    page = f"BT /F1 11 Tf 14 TL 72 770 Td\n{drawn}ET".encode("latin-1", "replace")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources 6 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(page), page),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        b"<</Font<</F1 5 0 R>>>>",
    )
    written = b"%PDF-1.4\n"
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return written + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, len(written))
    )
