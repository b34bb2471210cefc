"""Draws one chart, in a process of its own that ends with it: a specification on standard input,
a picture on standard output. `python -I draw.py FORMAT`.

The process has no secrets, loads nothing, writes no file, and may take so much memory and
processor time and no more.
"""

import resource
import sys

import vl_convert

_MEMORY = 1 << 30
_PROCESSOR_SECONDS = 20
_PIXELS_PER_POINT = 2.0


def main() -> None:
    """Raises ValueError for what cannot be drawn."""
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    specification = sys.stdin.read()
    nowhere: list[str] = []
    match sys.argv[1]:
        case "png":
            picture = vl_convert.vegalite_to_png(
                specification, scale=_PIXELS_PER_POINT, allowed_base_urls=nowhere
            )
        case "svg":
            picture = vl_convert.vegalite_to_svg(specification, allowed_base_urls=nowhere).encode()
        case _:
            picture = vl_convert.vegalite_to_pdf(specification, allowed_base_urls=nowhere)
    sys.stdout.buffer.write(picture)


if __name__ == "__main__":
    main()
