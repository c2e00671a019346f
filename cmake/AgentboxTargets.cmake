# SPDX-License-Identifier: Apache-2.0
# One static library per component of the architecture. Headers are included by their path below src/ or the root:
# "policy/policy.hpp", "oci/runtime_config.hpp".

# agentbox_library(NAME [SOURCES ...] [DEPS ...]): the library NAME as the target agentbox_NAME. Without SOURCES: every .cpp
# of the directory except *_main.cpp.
function(agentbox_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS *.cpp)
    list(FILTER ARG_SOURCES EXCLUDE REGEX "_main\\.cpp$")
  endif()
  add_library(agentbox_${name} STATIC ${ARG_SOURCES})
  target_include_directories(agentbox_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(agentbox_${name} PUBLIC ${ARG_DEPS} PRIVATE agentbox_flags)
endfunction()

# agentbox_test(NAME [SOURCES ...] [DEPS ...]): a Catch2 program, run by ctest as NAME. Without SOURCES: every .cpp of the
# directory.
function(agentbox_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT ARG_SOURCES)
    file(GLOB ARG_SOURCES CONFIGURE_DEPENDS *.cpp)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} agentbox_catch_main agentbox_flags)
  target_compile_definitions(${name} PRIVATE AGENTBOX_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             AGENTBOX_BINARY_DIR="${CMAKE_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES UNITY_BUILD OFF) # tests share names
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# agentbox_fuzzer(NAME DEPS ...): NAME.cpp as a libFuzzer target (clang, AGENTBOX_FUZZ=ON). The target `fuzzers` is all of
# them.
add_custom_target(fuzzers)
function(agentbox_fuzzer name)
  if(NOT AGENTBOX_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "DEPS" ${ARGN})
  add_executable(${name} ${name}.cpp)
  add_dependencies(fuzzers ${name})
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests/fuzz ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(${name} PRIVATE AGENTBOX_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} agentbox_flags)
endfunction()

# agentbox_program(NAME bin|libexec SOURCES ... [DEPS ...]): a program of ours, installed. The build tree is laid out
# like a prefix (build/bin, build/libexec/agentbox, build/share/agentbox), so that programs find each other by one rule.
# The target `programs` is all of them.
add_custom_target(programs)
function(agentbox_program name directory)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} agentbox_flags)
  add_dependencies(programs ${name})
  if(directory STREQUAL "bin")
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  else()
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/libexec/agentbox)
    install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/agentbox)
  endif()
endfunction()

# agentbox_data(DIRECTORY DESTINATION): DIRECTORY of the source tree as share/agentbox/DESTINATION, installed, and linked to in
# the build tree.
function(agentbox_data directory destination)
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/share/agentbox)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${directory} ${CMAKE_BINARY_DIR}/share/agentbox/${destination} SYMBOLIC)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/${directory}/ DESTINATION ${CMAKE_INSTALL_DATADIR}/agentbox/${destination}
          PATTERN CMakeLists.txt EXCLUDE PATTERN "*.cpp" EXCLUDE PATTERN "*.hpp" EXCLUDE PATTERN "*.in" EXCLUDE)
endfunction()

# agentbox_seam(FILE...): sources that a test program replaces with its own definitions; each stays a separate object file.
function(agentbox_seam)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# AGENTBOX_AGENTS: the built-in agents, each of which gets a link agentbox-NAME.
file(GLOB agent_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/agents/*.toml)
foreach(file ${agent_files})
  file(STRINGS ${file} is_runtime REGEX "^is_runtime = true")
  if(NOT is_runtime)
    get_filename_component(agent ${file} NAME_WE)
    list(APPEND AGENTBOX_AGENTS ${agent})
  endif()
endforeach()
