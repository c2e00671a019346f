# SPDX-License-Identifier: Apache-2.0
# The compiler options of every target, and the switches of the presets.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

string(REPLACE "-O3" "-O2" CMAKE_CXX_FLAGS_RELEASE "${CMAKE_CXX_FLAGS_RELEASE}") # as distributions do

option(AGENTBOX_TESTS "Build the tests" ON)
option(AGENTBOX_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(AGENTBOX_WERROR "Treat warnings as errors" OFF)
# A library is compiled in batches of 16 files: a third of the processor time. OFF for clang-tidy, and to compile each file
# by itself.
option(CMAKE_UNITY_BUILD "Compile libraries in batches" ON)
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
set(AGENTBOX_SANITIZE "" CACHE STRING "Sanitizers, e.g. address,undefined or thread")

add_library(agentbox_flags INTERFACE)
target_compile_options(agentbox_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
                                                -Wold-style-cast -Woverloaded-virtual
                                                # GCC 12 sees null in every std::vector<std::string>::insert.
                                                $<$<CXX_COMPILER_ID:Clang>:-Wnull-dereference>
                                                # A file of a batch is not the main file, so its anonymous
                                                # namespace looks like a header's.
                                                # GCC 12 warns of std::string + std::string (its bug 105651).
                                                $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage;-Wno-restrict>)
if(AGENTBOX_WERROR)
  target_compile_options(agentbox_flags INTERFACE -Werror)
endif()
if(AGENTBOX_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link) # coverage of the libraries guides the fuzzers
endif()
if(AGENTBOX_SANITIZE)
  # Lines are enough for a sanitizer's report. LLVM's linker takes a tenth of the time for dozens of large test programs.
  string(REPLACE "-g" "-g1" CMAKE_CXX_FLAGS_DEBUG "${CMAKE_CXX_FLAGS_DEBUG}")
  find_program(LLD ld.lld)
  if(LLD)
    add_link_options(-fuse-ld=lld)
  endif()
  # Not vptr: it opens a pipe for each type it has not seen yet, and calls every object invalid while there are no
  # descriptors left, as in a test of the firewall.
  add_compile_options(-fsanitize=${AGENTBOX_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
                      -fno-sanitize=vptr)
  add_link_options(-fsanitize=${AGENTBOX_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES "Release|RelWithDebInfo")
  add_compile_options(-fstack-protector-strong -fcf-protection -D_GLIBCXX_ASSERTIONS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  add_link_options(-Wl,-z,relro,-z,now)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
