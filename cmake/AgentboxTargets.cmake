# SPDX-License-Identifier: Apache-2.0
# One static library per box of the architecture. Headers are included by their path below src/ or the root:
# "policy/policy.hpp", "oci/runtime_config.hpp".

# agentbox_library(NAME SOURCES ... [DEPS ...]): the box NAME as the target agentbox_NAME.
function(agentbox_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(agentbox_${name} STATIC ${ARG_SOURCES})
  target_include_directories(agentbox_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR})
  target_link_libraries(agentbox_${name} PUBLIC ${ARG_DEPS} PRIVATE agentbox_flags)
endfunction()

# agentbox_test(NAME SOURCES ... [DEPS ...]): a Catch2 program, run by ctest as NAME.
function(agentbox_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} agentbox_catch_main agentbox_flags)
  target_compile_definitions(${name} PRIVATE AGENTBOX_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                             AGENTBOX_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
endfunction()

# agentbox_fuzzer(NAME SOURCES ... [DEPS ...]): a libFuzzer target (clang, AGENTBOX_FUZZ=ON).
function(agentbox_fuzzer name)
  if(NOT AGENTBOX_FUZZ)
    return()
  endif()
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} agentbox_flags)
endfunction()
