# rules.cmake: what `cmake --install` puts where: headers, libraries, the CMake package `weft` and
# the pkg-config file.

include(CMakePackageConfigHelpers)

set(weft_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/weft)

if(NOT WEFT_MPI)
    set(weft_absent PATTERN mpi.h EXCLUDE)
endif()
install(DIRECTORY src/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.h
        ${weft_absent})
set(weft_installed weft)
if(TARGET weft_kernels)
    list(APPEND weft_installed weft_kernels)
    install(FILES src/kernels/kernels.h src/kernels/numbers.h
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weft)
endif()
install(TARGETS ${weft_installed} EXPORT weft-targets)
install(EXPORT weft-targets NAMESPACE weft:: DESTINATION ${weft_package_dir})
if(WEFT_MPI) # apart, so that who does not ask for the component `mpi` needs no MPI
    install(TARGETS weft_mpi EXPORT weft-mpi-targets)
    install(EXPORT weft-mpi-targets NAMESPACE weft:: DESTINATION ${weft_package_dir})
endif()

configure_package_config_file(wasm/install/weft-config.cmake.in weft-config.cmake
                              INSTALL_DESTINATION ${weft_package_dir})
write_basic_package_version_file(weft-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/weft-config.cmake ${PROJECT_BINARY_DIR}/weft-config-version.cmake
        DESTINATION ${weft_package_dir})

if(WEFT_HOST STREQUAL "linux")
    # Relative, so that the installed tree can be moved.
    file(RELATIVE_PATH WEFT_PREFIX_FROM_PC /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
    string(REGEX REPLACE "/$" "" WEFT_PREFIX_FROM_PC "${WEFT_PREFIX_FROM_PC}")
    configure_file(wasm/install/weft.pc.in weft.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/weft.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    if(WEFT_MPI)
        configure_file(wasm/install/weft-mpi.pc.in weft-mpi.pc @ONLY)
        install(FILES ${PROJECT_BINARY_DIR}/weft-mpi.pc
                DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
    endif()
else()
    # What a module of one's own is made with.
    install(FILES wasm/weft-module.cmake wasm/flags.cmake wasm/flags.json wasm/${WEFT_HOST}.cmake
            wasm/emscripten-node.js wasm/stack_check.mjs ${weft_emscripten_library}
            DESTINATION ${weft_package_dir})
    if(WEFT_HOST STREQUAL "wasi")
        install(DIRECTORY src/thread/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weft-thread)
        install(FILES src/thread/program/start.c src/thread/wrap.txt DESTINATION ${weft_package_dir})
    endif()
endif()
