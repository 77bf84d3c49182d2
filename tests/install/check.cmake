# check.cmake: installs a build into a fresh folder, moves that folder, and builds and runs a
# project on it by find_package and by pkg-config.
#
#   cmake -DBUILD=<build folder> -DC_COMPILER=<compiler> -P check.cmake
#
# With -DHOST=wasi or emscripten, and -DNODE=<program>, the build is one for WebAssembly: the project
# takes its toolchain file from the installed package, and its program and module run in Node.

set(work "${BUILD}/install-test")
file(REMOVE_RECURSE "${work}")

include("${CMAKE_CURRENT_LIST_DIR}/run.cmake")

function(expect_sum output way)
    if(NOT output STREQUAL "sum 4950")
        message(FATAL_ERROR "built by ${way}, the program printed: ${output}")
    endif()
    message(STATUS "${way}: right")
endfunction()

run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${work}/first")
file(RENAME "${work}/first" "${work}/prefix") # an installed tree can be moved

if(HOST MATCHES "wasi|emscripten")
    set(package "${work}/prefix/lib/cmake/weft")
    run(${CMAKE_COMMAND} -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}" -B "${work}/build"
        --toolchain "${package}/${HOST}.cmake" "-Dweft_DIR=${package}" -DCMAKE_BUILD_TYPE=Release)
    run(${CMAKE_COMMAND} --build "${work}/build")
    if(HOST STREQUAL "wasi")
        run(${NODE} "${CMAKE_CURRENT_LIST_DIR}/../../js-glue/bin/weft.js" run "${work}/build/outside.wasm")
    else()
        run(${NODE} "${work}/build/outside.js")
    endif()
    expect_sum("${output}" find_package)
    run(${NODE} "${CMAKE_CURRENT_LIST_DIR}/call.js" "${work}/build")
    expect_sum("${output}" weft_add_module)
    return()
endif()

run(${CMAKE_COMMAND} -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}" -B "${work}/build"
    "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_PREFIX_PATH=${work}/prefix")
run(${CMAKE_COMMAND} --build "${work}/build")
run("${work}/build/outside")
expect_sum("${output}" find_package)

find_program(pkg_config NAMES pkg-config pkgconf)
if(NOT pkg_config)
    message(STATUS "pkg-config: left out, there is none on this machine")
    return()
endif()
file(GLOB_RECURSE file "${work}/prefix/*/weft.pc")
cmake_path(GET file PARENT_PATH folder)
set(ENV{PKG_CONFIG_PATH} "${folder}")
run(${pkg_config} --cflags --libs weft)
separate_arguments(flags UNIX_COMMAND "${output}")
run("${C_COMPILER}" "${CMAKE_CURRENT_LIST_DIR}/outside.c" -o "${work}/outside" ${flags})
run("${work}/outside")
expect_sum("${output}" pkg-config)
