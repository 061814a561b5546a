# SPDX-License-Identifier: Apache-2.0
# One place for flags, and one function per kind of target, so that a folder's CMakeLists.txt says only what it is and what it uses.

add_library(shardlens_options INTERFACE)
target_include_directories(shardlens_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(shardlens_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
  -Wdouble-promotion -Wimplicit-fallthrough
  -ffp-contract=off # one rounding per operation everywhere: the search's vector code equals evaluate() to the last bit
  # False alarms on "literal" + std::string in GCC 12 (https://gcc.gnu.org/PR105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
# Hardening in builds that people run; fortify needs optimisation.
target_compile_options(shardlens_options INTERFACE
  $<$<CONFIG:Release,RelWithDebInfo>:-fstack-protector-strong;-fcf-protection;-U_FORTIFY_SOURCE;-D_FORTIFY_SOURCE=2>)
target_link_options(shardlens_options INTERFACE $<$<CONFIG:Release,RelWithDebInfo>:-Wl,-z,relro,-z,now>)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES CXX)
if(SHARDLENS_SANITIZE)
  # GCC 12 sees uninitialised std::function members inside std::regex once a sanitizer is on: a false alarm.
  target_compile_options(shardlens_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_compile_options(shardlens_options INTERFACE -fsanitize=${SHARDLENS_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(shardlens_options INTERFACE -fsanitize=${SHARDLENS_SANITIZE})
endif()

if(SHARDLENS_FUZZ)
  target_compile_options(shardlens_options INTERFACE -fsanitize=fuzzer-no-link) # lets libFuzzer see the coverage of the core
endif()
if(SHARDLENS_FUZZ)
  target_compile_options(shardlens_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(shardlens_qt_options INTERFACE)
target_link_libraries(shardlens_qt_options INTERFACE shardlens_options)
target_compile_definitions(shardlens_qt_options INTERFACE
  QT_NO_CAST_FROM_ASCII QT_NO_CAST_TO_ASCII QT_NO_KEYWORDS QT_USE_QSTRINGBUILDER
  QT_NO_NARROWING_CONVERSIONS_IN_CONNECT QT_DISABLE_DEPRECATED_BEFORE=0x060400)

# shardlens_core_folder(NAME DEPENDS...): core/NAME as static library shardlens_core_NAME. No Qt.
function(shardlens_core_folder name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(shardlens_core_${name} STATIC ${sources})
  set_target_properties(shardlens_core_${name} PROPERTIES LINKER_LANGUAGE CXX AUTOMOC OFF)
  target_link_libraries(shardlens_core_${name} PRIVATE shardlens_options)
  foreach(dependency IN LISTS ARGN)
    target_link_libraries(shardlens_core_${name} PUBLIC shardlens_core_${dependency})
  endforeach()
endfunction()

# shardlens_ui_folder(NAME DEPENDS...): ui/NAME as static library shardlens_ui_NAME; DEPENDS are full target names.
function(shardlens_ui_folder name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(shardlens_ui_${name} STATIC ${sources})
  set_target_properties(shardlens_ui_${name} PROPERTIES AUTOMOC ON LINKER_LANGUAGE CXX)
  target_link_libraries(shardlens_ui_${name} PRIVATE shardlens_qt_options PUBLIC ${ARGN})
endfunction()

set(SHARDLENS_TEST_ENVIRONMENT
  QT_QPA_PLATFORM=offscreen LC_ALL=C.UTF-8 QT_SCALE_FACTOR=1 ASAN_OPTIONS=detect_leaks=1
  LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/lsan.supp:print_suppressions=0 UBSAN_OPTIONS=print_stacktrace=1)

# shardlens_test(NAME SOURCES... LIBRARIES...): one Qt Test program and its CTest entry.
function(shardlens_test name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES AUTOMOC ON)
  target_link_libraries(${name} PRIVATE shardlens_qt_options ${arg_LIBRARIES} Qt6::Test)
  target_compile_definitions(${name} PRIVATE SHARDLENS_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 ENVIRONMENT "${SHARDLENS_TEST_ENVIRONMENT}")
endfunction()
