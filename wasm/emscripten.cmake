# emscripten.cmake: CMake toolchain file for WebAssembly on Emscripten's pthreads. Finds emcc on
# the PATH and builds on the toolchain file that comes with it.

find_program(WEFT_EM_CONFIG em-config)
if(NOT WEFT_EM_CONFIG)
    message(FATAL_ERROR "Emscripten is not on the PATH (no em-config). On Debian: "
            "apt-get install emscripten; elsewhere activate the emsdk first.")
endif()
execute_process(COMMAND "${WEFT_EM_CONFIG}" EMSCRIPTEN_ROOT
                OUTPUT_VARIABLE weft_emscripten_root OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
include("${weft_emscripten_root}/cmake/Modules/Platform/Emscripten.cmake")

# Debian keeps the JavaScript packages that emcc needs (acorn) in a folder that Node does not
# search by itself.
if(EXISTS /usr/share/nodejs/acorn AND NOT EXISTS "${weft_emscripten_root}/node_modules/acorn")
    set(weft_emscripten_launcher "${CMAKE_COMMAND}" -E env "NODE_PATH=/usr/share/nodejs")
    set(CMAKE_C_COMPILER_LAUNCHER "${weft_emscripten_launcher}" CACHE STRING "")
    set(CMAKE_C_LINKER_LAUNCHER "${weft_emscripten_launcher}" CACHE STRING "")
endif()

include("${CMAKE_CURRENT_LIST_DIR}/flags.cmake")
weft_flags(weft_emscripten_compile emscripten features compile)
list(JOIN weft_emscripten_compile " " CMAKE_C_FLAGS_INIT)

# Emscripten's optimiser inlines every function with a single caller. A loop that so ends up inside
# a running function never leaves V8's baseline code (measured: 2 to 11 times slower); hence the
# limit on the size of what it may inline.
weft_flags(weft_emscripten_link emscripten toolchain)
list(JOIN weft_emscripten_link " " CMAKE_EXE_LINKER_FLAGS_INIT)
