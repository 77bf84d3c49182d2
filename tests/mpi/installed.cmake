# installed.cmake: installs a build into a fresh folder, and builds and runs an MPI program on it by
# find_package, and by pkg-config where there is one.
#
#   cmake -DBUILD=<build folder> -DC_COMPILER=<compiler> -DMPICC=<MPI's compiler>
#         -DMPIEXEC=<program and flag for ranks> -P installed.cmake

set(work "${BUILD}/install-mpi-test")
file(REMOVE_RECURSE "${work}")

include("${CMAKE_CURRENT_LIST_DIR}/../install/run.cmake")

function(expect_sum way)
    run(${MPIEXEC} 2 "${work}/outside-${way}")
    if(NOT output STREQUAL "sum 4950 on 2 ranks")
        message(FATAL_ERROR "built by ${way}, the program printed: ${output}")
    endif()
    message(STATUS "${way}: right")
endfunction()

run(${CMAKE_COMMAND} --install "${BUILD}" --prefix "${work}/first")
file(RENAME "${work}/first" "${work}/prefix") # an installed tree can be moved
run(${CMAKE_COMMAND} -G Ninja -S "${CMAKE_CURRENT_LIST_DIR}/installed" -B "${work}/build"
    "-DCMAKE_C_COMPILER=${C_COMPILER}" "-DCMAKE_PREFIX_PATH=${work}/prefix"
    "-DMPI_C_COMPILER=${MPICC}")
run(${CMAKE_COMMAND} --build "${work}/build")
file(COPY_FILE "${work}/build/outside" "${work}/outside-find_package")
expect_sum(find_package)

find_program(pkg_config NAMES pkg-config pkgconf)
if(NOT pkg_config OR NOT MPICC)
    message(STATUS "pkg-config: left out, there is none on this machine")
    return()
endif()
file(GLOB_RECURSE file "${work}/prefix/*/weft-mpi.pc")
cmake_path(GET file PARENT_PATH folder)
set(ENV{PKG_CONFIG_PATH} "${folder}")
run(${pkg_config} --cflags --libs weft-mpi)
separate_arguments(flags UNIX_COMMAND "${output}")
run("${MPICC}" "${CMAKE_CURRENT_LIST_DIR}/installed/outside.c" -o "${work}/outside-pkg-config" ${flags})
expect_sum(pkg-config)
