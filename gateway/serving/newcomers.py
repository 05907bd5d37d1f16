"""A listening socket that takes no new handshakes, while those that have begun still end."""

import ctypes
import socket
import struct

SO_ATTACH_FILTER, SO_DETACH_FILTER = 26, 27
"""Linux', from asm-generic/socket.h; Python has no names for them."""

_INSTRUCTION = struct.Struct("HBBI")
_NO_SYN = b"".join(
    _INSTRUCTION.pack(*each)
    for each in (
        (0x30, 0, 0, 13),  # load the byte of TCP's flags
        (0x45, 0, 1, 0x02),  # is it a SYN?
        (0x06, 0, 0, 0),  # then drop it
        (0x06, 0, 0, 0xFFFF_FFFF),  # or else take all of it
    )
)


def turn_away(listener: socket.socket) -> bool:
    """Whoever comes from now on hears nothing, and tries again in a second; False where the system cannot do that."""
    program = ctypes.create_string_buffer(_NO_SYN)
    count = len(_NO_SYN) // _INSTRUCTION.size
    return _set(listener, SO_ATTACH_FILTER, struct.pack("HP", count, ctypes.addressof(program)))


def welcome(listener: socket.socket) -> None:
    """Takes new handshakes again, where a predecessor on the same socket did not."""
    _set(listener, SO_DETACH_FILTER, 0)


def _set(listener: socket.socket, option: int, value: bytes | int) -> bool:
    try:
        listener.setsockopt(socket.SOL_SOCKET, option, value)
    except OSError:
        return False
    return True
