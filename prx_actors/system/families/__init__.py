"""The names of the kernel's constants: a module holds a family or a part of one.

The build of the extension reads these files without running them: `FAMILY`, the members of the enums, the names
in `OTHERS` and the `FALLBACKS`. The values come from the system's headers. A name that they lack is left out,
unless it stands among the fallbacks: those the kernel may know although the headers are older.
"""
