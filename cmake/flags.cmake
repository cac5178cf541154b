# midge_flags: what every room is compiled and linked with.
add_library(midge_flags INTERFACE)
target_include_directories(midge_flags INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
target_compile_options(midge_flags INTERFACE -Wall -Wextra -Wno-missing-field-initializers
  -fno-plt "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
target_compile_definitions(midge_flags INTERFACE FMT_HEADER_ONLY=1)

if(MIDGE_PACKAGE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Else a template's static variable is one for the whole process, whoever has it, and cannot be hidden.
  target_compile_options(midge_flags INTERFACE -fno-gnu-unique)
endif()

if(MIDGE_SANITIZE STREQUAL "address+undefined")
  set(sanitizers -fsanitize=address,undefined)
  target_compile_options(midge_flags INTERFACE ${sanitizers} -fno-sanitize-recover=all
    -fno-omit-frame-pointer)
elseif(MIDGE_SANITIZE STREQUAL "thread")
  set(sanitizers -fsanitize=thread)
  # GCC's ThreadSanitizer does not see fences and says so at each one.
  target_compile_options(midge_flags INTERFACE ${sanitizers} -fno-omit-frame-pointer -Wno-tsan)
elseif(MIDGE_SANITIZE STREQUAL "fuzzer")
  set(sanitizers -fsanitize=address,undefined)
  target_compile_options(midge_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined
    -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(MIDGE_SANITIZE STREQUAL "")
  set(sanitizers "")
else()
  message(FATAL_ERROR "MIDGE_SANITIZE: '${MIDGE_SANITIZE}' is none of address+undefined, thread, fuzzer")
endif()
target_link_options(midge_flags INTERFACE ${sanitizers})

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 16 hides std::expected behind a concepts version it does not announce.
  target_compile_options(midge_flags INTERFACE -U__cpp_concepts -D__cpp_concepts=202002L
    -Wno-builtin-macro-redefined -Wno-macro-redefined)
  set(MIDGE_PCH OFF)
else()
  target_compile_options(midge_flags INTERFACE -Winvalid-pch)
endif()
