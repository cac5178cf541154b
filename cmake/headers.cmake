# check_headers: compiles every header alone, so that none leans on what others include.
# One object per header, thus parallel, incremental and cached like any other; not part of `all`.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src
  ${CMAKE_SOURCE_DIR}/src/*.h)
set(header_sources "")
foreach(header ${headers})
  string(REGEX REPLACE "\\.h$" "_h.cc" name ${header})
  set(source ${CMAKE_BINARY_DIR}/headers/${name})
  # Included twice: a header without a guard fails.
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
  list(APPEND header_sources ${source})
endforeach()
add_library(check_headers OBJECT EXCLUDE_FROM_ALL ${header_sources})
set_target_properties(check_headers PROPERTIES UNITY_BUILD OFF)
target_compile_options(check_headers PRIVATE -O0 -g0 -Werror)
target_link_libraries(check_headers PRIVATE midge_flags)
