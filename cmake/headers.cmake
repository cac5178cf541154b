# check_headers: compiles every header alone, so that none leans on what others include.
# One object per header, thus parallel, incremental and cached like any other; not part of `all`.
function(midge_check_headers target folder)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*.h)
  set(header_sources "")
  foreach(header ${headers})
    string(REGEX REPLACE "\\.h$" "_h.cc" name ${header})
    set(source ${CMAKE_BINARY_DIR}/headers/${name})
    # Included twice: a header without a guard fails.
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
    list(APPEND header_sources ${source})
  endforeach()
  add_library(${target} OBJECT EXCLUDE_FROM_ALL ${header_sources})
  set_target_properties(${target} PROPERTIES UNITY_BUILD OFF)
  target_compile_options(${target} PRIVATE -O0 -g0 -Werror)
endfunction()
midge_check_headers(check_room_headers ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(check_room_headers PRIVATE midge_flags)
# What users include: alone, and with the oldest standard that they may have.
midge_check_headers(check_public_headers ${CMAKE_SOURCE_DIR}/include)
target_include_directories(check_public_headers PRIVATE ${CMAKE_SOURCE_DIR}/include)
target_compile_options(check_public_headers PRIVATE -Wall -Wextra)
set_target_properties(check_public_headers PROPERTIES CXX_STANDARD 20)
add_custom_target(check_headers DEPENDS check_room_headers check_public_headers)
