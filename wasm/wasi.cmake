# wasi.cmake: CMake toolchain file for WebAssembly on wasi-libc with weft's own thread layer.
#
# Takes the first clang that can compile and link for wasm32-wasi; -DCMAKE_C_COMPILER=...
# decides otherwise. The C library is the one that clang finds by itself (Debian: wasi-libc);
# the environment variable WASI_SYSROOT names another.

set(CMAKE_SYSTEM_NAME Generic) # CMake knows no WASI
set(CMAKE_SYSTEM_PROCESSOR wasm32)

function(weft_find_wasi_clang out)
    foreach(name clang-19 clang-20 clang-21 clang-22 clang-18 clang-17 clang-16 clang-15 clang-14
                 clang)
        find_program(program NAMES ${name} NO_CACHE)
        if(program)
            execute_process(COMMAND ${program} --target=wasm32-wasi -rtlib=compiler-rt
                                    -print-libgcc-file-name
                            OUTPUT_VARIABLE runtime OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
            execute_process(COMMAND ${program} --target=wasm32-wasi -print-prog-name=wasm-ld
                            OUTPUT_VARIABLE linker OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
            if(EXISTS "${runtime}" AND EXISTS "${linker}")
                set(${out} "${program}" PARENT_SCOPE)
                return()
            endif()
            list(APPEND seen "${program}")
        endif()
        unset(program)
    endforeach()
    message(FATAL_ERROR "No clang here can link for wasm32-wasi (looked at: ${seen}). On Debian: "
            "apt-get install clang-19 lld-19 libclang-rt-19-dev-wasm32 wasi-libc "
            "(clang-14 lld-14 libclang-rt-14-dev-wasm32 work too).")
endfunction()

if(NOT CMAKE_C_COMPILER)
    weft_find_wasi_clang(CMAKE_C_COMPILER)
endif()
set(CMAKE_ASM_COMPILER "${CMAKE_C_COMPILER}")
set(CMAKE_C_COMPILER_TARGET wasm32-wasi)
set(CMAKE_ASM_COMPILER_TARGET wasm32-wasi)
if(DEFINED ENV{WASI_SYSROOT})
    set(CMAKE_SYSROOT "$ENV{WASI_SYSROOT}")
endif()

# The host's ar may not know wasm objects and would write an archive without an index.
execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-prog-name=llvm-ar
                OUTPUT_VARIABLE weft_llvm_ar OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND "${CMAKE_C_COMPILER}" -print-prog-name=llvm-ranlib
                OUTPUT_VARIABLE weft_llvm_ranlib OUTPUT_STRIP_TRAILING_WHITESPACE)
set(CMAKE_AR "${weft_llvm_ar}" CACHE FILEPATH "")
set(CMAKE_RANLIB "${weft_llvm_ranlib}" CACHE FILEPATH "")

include("${CMAKE_CURRENT_LIST_DIR}/flags.cmake")
weft_flags(weft_wasm_features wasi features)
weft_flags(weft_wasm_compile wasi features compile)
list(JOIN weft_wasm_features " " weft_wasm_features)
list(JOIN weft_wasm_compile " " CMAKE_C_FLAGS_INIT)
set(CMAKE_ASM_FLAGS_INIT "${weft_wasm_features} -Wno-unused-command-line-argument")

# No compile flags in the link command: with an -O among them clang runs the wasm-opt that it
# finds on the PATH, and that one inlines every function with a single caller. A loop that so ends
# up inside a running function never leaves V8's baseline code (measured: 2 to 11 times slower).
set(CMAKE_C_LINK_EXECUTABLE
    "<CMAKE_C_COMPILER> --target=wasm32-wasi <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
if(CMAKE_SYSROOT)
    string(REPLACE "--target=wasm32-wasi" "--target=wasm32-wasi --sysroot=${CMAKE_SYSROOT}"
           CMAKE_C_LINK_EXECUTABLE "${CMAKE_C_LINK_EXECUTABLE}")
endif()

set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
