"""XXH3, 64 bits, of more than 240 bytes and without a seed: the checksum of Midge's files, for tests
that change one so that the server does not notice. After the specification of xxHash."""

import struct

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
MASK = (1 << 64) - 1
PRIME32_1, PRIME32_2, PRIME32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME64_5 = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5)
STRIPE, PER_BLOCK = 64, 16


def words(data, offset):
    return struct.unpack_from("<8Q", data, offset)


def accumulate(lanes, values, keys):
    for i in range(8):
        mixed = values[i] ^ keys[i]
        lanes[i ^ 1] = (lanes[i ^ 1] + values[i]) & MASK
        lanes[i] = (lanes[i] + (mixed & 0xFFFFFFFF) * (mixed >> 32)) & MASK


def folded(a, b):
    product = a * b
    return (product & MASK) ^ (product >> 64)


def xxh3(data: bytes) -> int:
    assert len(data) > 240
    lanes = [PRIME32_3, PRIME64_1, PRIME64_2, PRIME64_3, PRIME64_4, PRIME32_2, PRIME64_5, PRIME32_1]
    for stripe in range((len(data) - 1) // STRIPE):
        at = stripe % PER_BLOCK
        accumulate(lanes, words(data, stripe * STRIPE), words(SECRET, at * 8))
        if at == PER_BLOCK - 1:
            keys = words(SECRET, len(SECRET) - STRIPE)
            lanes = [((x ^ x >> 47 ^ key) * PRIME32_1) & MASK for x, key in zip(lanes, keys)]
    accumulate(lanes, words(data, len(data) - STRIPE), words(SECRET, len(SECRET) - STRIPE - 7))
    keys = words(SECRET, 11)
    result = len(data) * PRIME64_1
    for i in range(0, 8, 2):
        result += folded(lanes[i] ^ keys[i], lanes[i + 1] ^ keys[i + 1])
    result &= MASK
    result ^= result >> 37
    result = (result * 0x165667919E3779F9) & MASK
    return result ^ result >> 32
