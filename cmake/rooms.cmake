# The floor plan as data: each room, and the rooms it may include. `tools/check_rooms.py` reads this
# file too, so the build and the check cannot disagree.
#
#   midge_room(<name> DEPS <rooms below> [LIBS <external libraries>])
# OpenSSL's archives, so that the server does not depend on which shared ones a machine has.
find_library(OPENSSL_SSL_ARCHIVE NAMES libssl.a REQUIRED)
find_library(OPENSSL_CRYPTO_ARCHIVE NAMES libcrypto.a REQUIRED)
# Static where Debian has the archives: an idle process is megabytes smaller.
find_library(SODIUM_ARCHIVE NAMES libsodium.a REQUIRED)
find_library(CRYPT_ARCHIVE NAMES libcrypt.a REQUIRED)
# Debian 12 has CRoaring as a shared library only; an archive is taken where there is one.
find_library(ROARING_LIBRARY NAMES libroaring.a roaring REQUIRED)
find_library(XXHASH_ARCHIVE NAMES libxxhash.a REQUIRED)
find_library(ZLIB_ARCHIVE NAMES libz.a REQUIRED)
find_library(DEFLATE_ARCHIVE NAMES libdeflate.a REQUIRED)
find_library(SNAPPY_ARCHIVE NAMES libsnappy.a REQUIRED)
# The same as with CRoaring.
find_library(PROMETHEUS_LIBRARY NAMES libprometheus-cpp-core.a prometheus-cpp-core REQUIRED)

midge_room(base    DEPS)
midge_room(io      DEPS base LIBS Threads::Threads)
midge_room(codec   DEPS base LIBS ${ZLIB_ARCHIVE} ${SNAPPY_ARCHIVE})
midge_room(crypto  DEPS base LIBS ${OPENSSL_CRYPTO_ARCHIVE} ${SODIUM_ARCHIVE} ${CRYPT_ARCHIVE})
midge_room(subject DEPS base)
midge_room(proto   DEPS base codec)
midge_room(store   DEPS base io codec crypto subject LIBS ${XXHASH_ARCHIVE} ${ROARING_LIBRARY})
midge_room(tls     DEPS base io crypto LIBS ${OPENSSL_SSL_ARCHIVE} ${OPENSSL_CRYPTO_ARCHIVE})
midge_room(websocket DEPS base io codec crypto LIBS ${ZLIB_ARCHIVE} ${DEFLATE_ARCHIVE})
midge_room(client  DEPS base io codec crypto proto tls websocket)
midge_room(auth    DEPS base codec crypto subject proto)
midge_room(broker  DEPS base io codec crypto subject proto auth)
midge_room(jetstream DEPS base io codec crypto subject proto auth broker store)
midge_room(server  DEPS base io codec crypto subject proto tls websocket auth broker store jetstream
           LIBS ${PROMETHEUS_LIBRARY})
midge_room(embed   DEPS base io server client)
# sim implements io's interfaces; tests and the simulator program link it, the product never does.
midge_room(sim     DEPS base io subject proto tls websocket auth broker server codec crypto store jetstream
           client)
