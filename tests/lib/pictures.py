"""Pictures made by the standard library alone, hostile ones among them."""
import base64
import ctypes.util
import os
import struct
import zlib

import tap

# 16x8, left half red, right half blue.
JPEG = base64.b64decode("""
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABQODxIPDRQSEBIXFRQYHjIhHhwcHj0sLiQySUBMS0dARkVQWnNiUFVtVkVGZIhl
bXd7gYKBTmCNl4x9lnN+gXz/2wBDARUXFx4aHjshITt8U0ZTfHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8fHx8
fHx8fHx8fHx8fHx8fHz/wAARCAAIABADASIAAhEBAxEB/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAA
AgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJxFDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6
Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZmqKjpKWmp6ipqrKztLW2t7i5usLDxMXG
x8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/8QAHwEAAwEBAQEBAQEBAQAAAAAAAAECAwQFBgcICQoL/8QAtREA
AgECBAQDBAcFBAQAAQJ3AAECAxEEBSExBhJBUQdhcRMiMoEIFEKRobHBCSMzUvAVYnLRChYkNOEl8RcYGRomJygpKjU2Nzg5
OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6goOEhYaHiImKkpOUlZaXmJmaoqOkpaanqKmqsrO0tba3uLm6wsPE
xcbHyMnK0tPU1dbX2Nna4uPk5ebn6Onq8vP09fb3+Pn6/9oADAMBAAIRAxEAPwDKrMoor0Mk/wCXny/U9TN/sfP9D//Z""")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width=64, height=32, rows=None, data=None, claims=None):
    """Red left, blue right; `claims`: the size that its head tells; `data`: in place of pixels."""
    half = width // 2
    row = b"\0" + b"\xff\0\0" * half + b"\0\0\xff" * (width - half)
    head = struct.pack(">IIBBBBB", *(claims or (width, height)), 8, 2, 0, 0, 0)
    body = zlib.compress(row * (height if rows is None else rows)) if data is None else data
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body)
            + chunk(b"IEND", b""))


def bomb(megabytes):
    """A stream that unpacks to so much, behind the head of a small picture."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return png(8, 8, data=b"".join(parts) + packer.flush())


def text_bomb(megabytes):
    """The same in a compressed comment."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(megabytes)) + packer.flush()
    good = png(8, 8)
    return good[:33] + chunk(b"zTXt", b"Comment\0\0" + packed) + good[33:]


def hostile():
    """name: (bytes, what is said of it or None when it is drawn)."""
    good = png()
    return {
        "cut.png": (good[:60], "is damaged"),
        "head.png": (good[:20], "is cut off"),
        "sides.png": (png(claims=(65535, 65535)), "65535x65535"),
        "sides.jpg": (JPEG.replace(struct.pack(">HH", 8, 16), b"\xff\xff\xff\xff", 1),
                      "65535x65535"),
        "many.png": (png(claims=(30000, 30000)), "30000x30000"),
        "less.png": (png(rows=1), "is damaged"),
        "none.png": (png(claims=(0, 8)), "has no pixels"),
        "bomb.png": (bomb(64), None),
        "comment.png": (text_bomb(64), None),
        "junk.png": (good + b"\x1b]0;pwned\x07" * 1000, None),
        "flipped.png": (good[:45] + bytes(b ^ 0x5a for b in good[45:-12]) + good[-12:],
                        "is damaged"),
        "text.png": (b"\x1b]0;pwned\x07 only words\n", "U+001B ESC"),
        "noise.jpg": (b"\xff\xd8\xff" + bytes(range(256)) * 8, "cannot be drawn"),
        "loop.jpg": (b"\xff\xd8" + b"\xff" * 100000, "cut off"),
    }


def need(*sonames):
    """Skips when a library that pictures want is not there."""
    for soname in sonames or ("libchafa.so.0", "libpng16.so.16", "libturbojpeg.so.0"):
        try:
            ctypes.CDLL(soname)
        except OSError:
            tap.skip(f"{soname} is not installed")


def put(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as f:
        f.write(data)
    return path
