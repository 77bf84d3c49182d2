# weft-module.cmake: how C becomes a WebAssembly module or program on weft. Used by the build
# itself and installed with the package.
#
#   weft_add_module(<target> SOURCES <source>... [OUTPUT <name>] [DIRECTORY <folder>] [BROWSER]
#                   [KERNELS])
#
# Links the sources and weft, with KERNELS also the stock kernels, into a module that the npm package
# `weft` can load: <name>.wasm with the wasi toolchain file; <name>.js, .wasm and .worker.js with
# Emscripten, as CommonJS for Node or with BROWSER as an ES module for the web. Every WEFT_EXPORT
# function can be called.
#
#   weft_add_program(<target> <source>...)
#
# A program with a main() of its own: native, for tests/js/wasi-run.js, or for Node (Emscripten).

include("${CMAKE_CURRENT_LIST_DIR}/flags.cmake")

# The whole of libweft.a, or of another library of ours: its exports are called by the host, so
# nothing in C refers to them.
function(weft_link_whole target)
    set(library ${ARGN})
    if(NOT library)
        set(library weft::weft)
    endif()
    target_link_libraries(${target} PRIVATE -Wl,--whole-archive $<TARGET_FILE:${library}>
                                            -Wl,--no-whole-archive ${library})
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS $<TARGET_FILE:${library}>)
endfunction()

# Compile and link options of everything that runs on the thread layer for wasi-libc in `folder`.
function(weft_use_thread_layer target folder)
    cmake_path(ABSOLUTE_PATH folder)
    target_compile_options(${target} BEFORE PUBLIC
        "$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:C>:SHELL:-isystem ${folder}/include>>"
        "$<INSTALL_INTERFACE:SHELL:-isystem $<INSTALL_PREFIX>/${CMAKE_INSTALL_INCLUDEDIR}/weft-thread>")

    # Debian's libc says that it does not go with shared memory (no-check-features) and carries
    # 100 kB of debug information; the function names stay, for the stack of a trap. The stack
    # comes first, so that running over its end traps.
    weft_flags(flags wasi link)
    if(CMAKE_C_COMPILER_VERSION VERSION_GREATER_EQUAL 17) # also what tools alone read
        weft_flags(strip wasi strip-17)
    else()
        weft_flags(strip wasi strip)
    endif()
    list(APPEND flags ${strip})
    target_link_options(${target} INTERFACE ${flags})

    set(wrapped "${folder}/wrap.txt")
    if(EXISTS "${wrapped}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${wrapped}")
        file(STRINGS "${wrapped}" names REGEX "^[a-zA-Z_]")
        list(TRANSFORM names PREPEND "LINKER:--wrap=")
        target_link_options(${target} INTERFACE ${names})
    endif()

    # libc's errno is a plain variable; only code without thread-local storage can name it.
    if(EXISTS "${folder}/errno.c")
        set_source_files_properties("${folder}/errno.c" PROPERTIES COMPILE_OPTIONS "-mno-atomics")
    endif()

    # pthread_exit throws.
    if(EXISTS "${folder}/posix_catch.s")
        set_source_files_properties("${folder}/posix_catch.s" PROPERTIES
                                    COMPILE_OPTIONS "-mexception-handling")
    endif()
endfunction()

set(weft_cmake_dir "${CMAKE_CURRENT_LIST_DIR}")
set(weft_emscripten_library "${weft_cmake_dir}/weft_emscripten_library.js")

# In the source tree that library is made of its frame and the guard.
if(EXISTS "${weft_emscripten_library}.in")
    set(guard "${weft_cmake_dir}/../js-glue/src/guard.js")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${guard}")
    file(READ "${guard}" text)
    string(REGEX MATCH "\nexport function createGuard(.*)\n}\n" text "${text}")
    set(WEFT_GUARD "function ${CMAKE_MATCH_1}\n}")
    set(template "${weft_emscripten_library}.in")
    set(weft_emscripten_library "${CMAKE_BINARY_DIR}/weft_emscripten_library.js")
    configure_file("${template}" "${weft_emscripten_library}" @ONLY)
endif()

# Functions that overrun their stack trap, see stack_check.mjs. Without Node the module gets no
# checks, and an overrun is found later, if at all.
find_program(WEFT_NODE NAMES node nodejs)
function(weft_check_stacks target)
    if(WEFT_NODE)
        set(tool "${weft_cmake_dir}/stack_check.mjs")
        add_custom_command(TARGET ${target} POST_BUILD COMMAND "${WEFT_NODE}" "${tool}" ${ARGN} VERBATIM)
        set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${tool}")
    endif()
endfunction()

# What an Emscripten link needs, module or program. -O2 rather than the compile level: from -O3 on
# the names of the exports are minified, and the loader reads the functions' types by name. The
# functions keep their names for the stack of a trap.
function(weft_link_emscripten target)
    weft_flags(flags emscripten link)
    target_link_options(${target} PRIVATE ${flags} "SHELL:--js-library ${weft_emscripten_library}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${weft_emscripten_library}")
endfunction()

# Node takes a .js file for an ES module where the package around it says so.
function(weft_mark_commonjs folder)
    file(CONFIGURE OUTPUT "${folder}/package.json" CONTENT "{ \"type\": \"commonjs\" }\n")
endfunction()

function(weft_add_module target)
    if(NOT EMSCRIPTEN AND NOT CMAKE_C_COMPILER_TARGET MATCHES "^wasm32-wasi")
        message(FATAL_ERROR "weft_add_module(${target}): a module is WebAssembly; configure with "
                "-DCMAKE_TOOLCHAIN_FILE=${weft_cmake_dir}/wasi.cmake or emscripten.cmake; natively, "
                "add_executable and link weft::weft")
    endif()
    cmake_parse_arguments(PARSE_ARGV 1 arg "BROWSER;KERNELS" "OUTPUT;DIRECTORY" "SOURCES")
    if(NOT arg_OUTPUT)
        set(arg_OUTPUT ${target})
    endif()
    if(NOT arg_DIRECTORY)
        set(arg_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
    endif()
    add_executable(${target} ${arg_SOURCES})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${arg_OUTPUT} LINKER_LANGUAGE C
                                               RUNTIME_OUTPUT_DIRECTORY "${arg_DIRECTORY}")
    weft_link_whole(${target})
    if(arg_KERNELS)
        weft_link_whole(${target} weft::kernels)
    endif()
    if(NOT EMSCRIPTEN)
        set_target_properties(${target} PROPERTIES SUFFIX .wasm)
        weft_flags(flags wasi module)
        target_link_options(${target} PRIVATE ${flags})
        weft_check_stacks(${target} "$<TARGET_FILE:${target}>")
        return()
    endif()

    # The loader hands in a memory whose initial and maximum size are equal, so nothing ever
    # grows; ALLOW_MEMORY_GROWTH only makes the module accept every size up to 4 GiB.
    weft_link_emscripten(${target})
    # 64-bit integers are BigInts, and an uncaught error is the application's own business.
    weft_flags(module emscripten module)
    target_link_options(${target} PRIVATE ${module})
    if(arg_BROWSER)
        weft_flags(place emscripten browser)
        set_target_properties(${target} PROPERTIES SUFFIX .mjs)
    else()
        weft_flags(place emscripten node)
        weft_mark_commonjs("${arg_DIRECTORY}")
    endif()
    target_link_options(${target} PRIVATE ${place})
    weft_check_stacks(${target} "$<TARGET_FILE_DIR:${target}>/${arg_OUTPUT}.wasm")
endfunction()

function(weft_add_program target)
    add_executable(${target} ${ARGN})
    if(EMSCRIPTEN)
        # main() runs in a thread of its own and may sleep, as it may natively.
        weft_mark_commonjs("${CMAKE_CURRENT_BINARY_DIR}")
        weft_link_whole(${target})
        weft_link_emscripten(${target})
        weft_flags(program emscripten program)
        target_link_options(${target} PRIVATE ${program}
            "-sPTHREAD_POOL_SIZE=2+(process.env.WEFT_TEST_THREADS|0)"
            "SHELL:--pre-js ${weft_cmake_dir}/emscripten-node.js")
        weft_check_stacks(${target} "$<TARGET_FILE_DIR:${target}>/${target}.wasm")
    elseif(CMAKE_C_COMPILER_TARGET MATCHES "^wasm32-wasi")
        # Not the whole library: a program that only starts threads has no scheduler in it.
        target_link_libraries(${target} PRIVATE weft::weft)
        set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS $<TARGET_FILE:weft::weft>)
        set_target_properties(${target} PROPERTIES SUFFIX .wasm)
        weft_flags(flags wasi program)
        target_link_options(${target} PRIVATE ${flags})
        set(start "${weft_cmake_dir}/start.c")
        if(NOT EXISTS "${start}") # in the source tree
            set(start "${weft_cmake_dir}/../src/thread/program/start.c")
        endif()
        target_sources(${target} PRIVATE "${start}")
        weft_check_stacks(${target} "$<TARGET_FILE:${target}>")
    else()
        target_link_libraries(${target} PRIVATE weft::weft)
    endif()
endfunction()
