# How the house is cut: one static library per module, linked only with what it may use.
#
#   holdfast_module(terminal/money USES terminal/base LIBS icu)
#
# takes every .c (and .cpp) of the folder, makes the target `terminal_money`, compiles each of its
# headers alone, and builds the unit tests in tests/unit/terminal/money/test_*.c.
#
# Layering: beside each library a module is linked from the same objects against nothing but USES
# and LIBS, with undefined symbols refused (-z defs). A call that runs against the arrows therefore
# fails at link time, wherever it hides.

option(HOLDFAST_CHECK_LAYERS "Link every module alone against what it may use" ON)

set(HOLDFAST_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Werror)
set(HOLDFAST_C_WARNINGS -Wstrict-prototypes -Wmissing-prototypes)

function(holdfast_compile_rules target)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE
    HOLDFAST_VERSION="${PROJECT_VERSION}")
  target_compile_options(${target} PRIVATE ${HOLDFAST_WARNINGS}
    $<$<COMPILE_LANGUAGE:C>:${HOLDFAST_C_WARNINGS}>)
endfunction()

function(holdfast_module folder)
  cmake_parse_arguments(M "" "" "USES;LIBS;SKIP;TEST_USES;TEST_LIBS" ${ARGN})
  string(REPLACE "/" "_" name ${folder})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.c
    ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  foreach(skipped ${M_SKIP})
    list(REMOVE_ITEM sources ${PROJECT_SOURCE_DIR}/${folder}/${skipped})
  endforeach()
  set(links "")
  foreach(used ${M_USES})
    string(REPLACE "/" "_" used ${used})
    list(APPEND links ${used})
  endforeach()
  foreach(library ${M_LIBS})
    list(APPEND links lib_${library})
  endforeach()

  add_library(${name} STATIC ${sources})
  holdfast_compile_rules(${name})
  target_link_libraries(${name} PUBLIC ${links})
  if(HOLDFAST_CHECK_LAYERS)
    add_library(layer_${name} MODULE $<TARGET_OBJECTS:${name}>)
    set_target_properties(layer_${name} PROPERTIES LINKER_LANGUAGE CXX
      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/layers)
    target_link_libraries(layer_${name} PRIVATE ${links})
    target_link_options(layer_${name} PRIVATE -Wl,-z,defs)
  endif()
  set_property(GLOBAL APPEND PROPERTY HOLDFAST_MODULES ${folder})

  file(GLOB tests CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${folder}/test_*.c)
  foreach(test ${tests})
    get_filename_component(test_name ${test} NAME_WE)
    set(target ${test_name}__${name})
    add_executable(${target} ${test})
    holdfast_compile_rules(${target})
    set(test_links "")
    foreach(used ${M_TEST_USES})
      string(REPLACE "/" "_" used ${used})
      list(APPEND test_links ${used})
    endforeach()
    foreach(library ${M_TEST_LIBS})
      list(APPEND test_links lib_${library})
    endforeach()
    target_link_libraries(${target} PRIVATE ${name} ${test_links} lib_cmocka)
    set_target_properties(${target} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME unit/${folder}/${test_name} COMMAND ${target}
      WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
    set_tests_properties(unit/${folder}/${test_name} PROPERTIES LABELS unit TIMEOUT 300)
  endforeach()
endfunction()

# A program: a main file that only wires modules together.
function(holdfast_program name main)
  cmake_parse_arguments(P "" "" "USES;LIBS" ${ARGN})
  add_executable(${name} ${main})
  holdfast_compile_rules(${name})
  foreach(used ${P_USES})
    string(REPLACE "/" "_" used ${used})
    target_link_libraries(${name} PRIVATE ${used})
  endforeach()
  foreach(library ${P_LIBS})
    target_link_libraries(${name} PRIVATE lib_${library})
  endforeach()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# Every header of every module, compiled alone under the strictest flags.
function(holdfast_check_headers)
  get_property(modules GLOBAL PROPERTY HOLDFAST_MODULES)
  foreach(folder ${modules})
    string(REPLACE "/" "_" name ${folder})
    file(GLOB headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.h)
    set(units "")
    foreach(header ${headers})
      file(RELATIVE_PATH path ${PROJECT_SOURCE_DIR} ${header})
      string(MAKE_C_IDENTIFIER ${path} unit)
      file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/headers/${unit}.c
        CONTENT "#include \"@path@\"\n#include \"@path@\"\ntypedef int alone_@unit@;\n" @ONLY)
      list(APPEND units ${CMAKE_BINARY_DIR}/headers/${unit}.c)
    endforeach()
    if(units)
      add_library(headers_${name} OBJECT ${units})
      holdfast_compile_rules(headers_${name})
      get_target_property(links ${name} LINK_LIBRARIES)
      target_link_libraries(headers_${name} PRIVATE ${links})
    endif()
  endforeach()
endfunction()
