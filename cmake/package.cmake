# libmidge-client and libmidge-server, each static and shared, and what `cmake --install` puts where:
# headers, libraries, find_package(midge), pkg-config. tests/package uses all of it.
#
# Both kinds of a library are made of the same objects: the room's own, and of the rooms below it what
# those need. What they export is what include/midge declares: headers have
# `#pragma GCC visibility push(default)`, all else is hidden. A static library is one object whose hidden
# symbols have been made local, so that nothing in it meets what a program has of the same names.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# Mangled: what lives in `midge::`, but for `midge::detail`, with tables and types of its classes. The standard
# library's templates, and others', stay inside.
set(exported "")
foreach(mark _ZN _ZNK _ZTVN _ZTIN _ZTSN _ZTTN)
  list(APPEND exported "${mark}5midge[!6]*" "${mark}5midge6[!d]*")
endforeach()
set(version_script ${CMAKE_BINARY_DIR}/package/exported.map)
list(JOIN exported "; " global_symbols)
file(CONFIGURE OUTPUT ${version_script} CONTENT "{ global: ${global_symbols}; local: *; };\n")
list(TRANSFORM exported PREPEND "--keep-global-symbol=" OUTPUT_VARIABLE keep_exported)

# A room and all rooms below it that have objects.
function(midge_rooms_below room result)
  get_target_property(deps midge_${room} ROOM_DEPS)
  set(all "")
  foreach(dep ${deps})
    midge_rooms_below(${dep} below)
    list(APPEND all ${below} ${dep})
  endforeach()
  list(REMOVE_DUPLICATES all)
  set(${result} ${all} PARENT_SCOPE)
endfunction()

# midge_library(<name> ROOM <room> NEEDS <system libraries>)
#   targets  midge_lib_<name>_static, midge_lib_<name>_shared: libmidge-<name>.a and .so
#   to users midge::<name>_static, midge::<name>_shared, and midge::<name> (midge-config.cmake)
# NEEDS is all that the linker must be told besides: a missing one fails here, one too many in tests.
function(midge_library name)
  cmake_parse_arguments(LIB "" "ROOM" "NEEDS" ${ARGN})
  midge_rooms_below(${LIB_ROOM} rooms)
  set(archives "")
  foreach(room ${rooms})
    get_target_property(type midge_${room} TYPE)
    if(NOT type STREQUAL "INTERFACE_LIBRARY")
      list(APPEND archives midge_${room})
    endif()
  endforeach()
  list(TRANSFORM archives REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE files)
  set(objects $<TARGET_OBJECTS:midge_${LIB_ROOM}>)

  set(shared midge_lib_${name}_shared)
  add_library(${shared} SHARED ${objects})
  add_dependencies(${shared} ${archives})
  target_link_libraries(${shared} PRIVATE -Wl,--start-group ${files} -Wl,--end-group ${LIB_NEEDS}
    Threads::Threads)
  target_link_options(${shared} PRIVATE LINKER:--version-script=${version_script} LINKER:--no-undefined
    LINKER:--as-needed LINKER:-z,defs)
  set_target_properties(${shared} PROPERTIES VERSION ${PROJECT_VERSION}
    SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINK_DEPENDS ${version_script})

  set(whole ${CMAKE_BINARY_DIR}/package/midge-${name}.o)
  add_custom_command(OUTPUT ${whole}
    COMMAND ${CMAKE_LINKER} -r --force-group-allocation -o ${whole} ${objects} --start-group ${files}
      --end-group
    COMMAND ${CMAKE_OBJCOPY} --localize-hidden --strip-debug ${whole}
    COMMAND ${CMAKE_OBJCOPY} --wildcard ${keep_exported} ${whole}
    DEPENDS midge_${LIB_ROOM} ${archives} ${objects} COMMAND_EXPAND_LISTS VERBATIM)
  set_source_files_properties(${whole} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  set(static midge_lib_${name}_static)
  add_library(${static} STATIC ${whole})
  list(TRANSFORM LIB_NEEDS REPLACE "(.+)" "$<INSTALL_INTERFACE:\\1>" OUTPUT_VARIABLE users_needs)
  target_link_libraries(${static} INTERFACE ${users_needs} $<INSTALL_INTERFACE:Threads::Threads>)

  foreach(kind static shared)
    set_target_properties(midge_lib_${name}_${kind} PROPERTIES OUTPUT_NAME midge-${name}
      ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib
      LINKER_LANGUAGE CXX EXPORT_NAME ${name}_${kind})
    target_include_directories(midge_lib_${name}_${kind} INTERFACE
      $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    target_compile_features(midge_lib_${name}_${kind} INTERFACE cxx_std_20)
    install(TARGETS midge_lib_${name}_${kind} EXPORT midge-targets
      ARCHIVE COMPONENT midge-development
      LIBRARY COMPONENT midge-libraries NAMELINK_COMPONENT midge-development)
  endforeach()
  add_dependencies(midge_libraries ${static} ${shared})

  list(TRANSFORM LIB_NEEDS PREPEND "-l" OUTPUT_VARIABLE private_flags)
  list(JOIN private_flags " " PRIVATE_FLAGS)
  set(NAME ${name})
  configure_file(cmake/midge.pc.in package/midge-${name}.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/package/midge-${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT midge-development)
endfunction()

add_custom_target(midge_libraries)
midge_library(client ROOM client NEEDS ssl crypto sodium z deflate)
midge_library(server ROOM embed
  NEEDS ssl crypto sodium crypt z deflate snappy xxhash roaring prometheus-cpp-core)

install(DIRECTORY include/midge DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT midge-development)
install(TARGETS midge-server RUNTIME COMPONENT midge-server)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/midge)
configure_package_config_file(cmake/midge-config.cmake.in package/midge-config.cmake
  INSTALL_DESTINATION ${config_folder} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(package/midge-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/midge-config.cmake
  ${CMAKE_BINARY_DIR}/package/midge-config-version.cmake
  DESTINATION ${config_folder} COMPONENT midge-development)
install(EXPORT midge-targets NAMESPACE midge:: DESTINATION ${config_folder} COMPONENT midge-development)
