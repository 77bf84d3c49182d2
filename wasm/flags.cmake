# flags.cmake: weft_flags(<out> <target> <kind>...) sets <out> to flags of flags.json, as a list.
# That file is the one place of them: `weft build` reads it too.

set(weft_flags_file "${CMAKE_CURRENT_LIST_DIR}/flags.json")

function(weft_flags out target)
    file(READ "${weft_flags_file}" text)
    set(flags)
    foreach(kind ${ARGN})
        string(JSON count LENGTH "${text}" ${target} ${kind})
        math(EXPR last "${count} - 1")
        foreach(index RANGE ${last})
            string(JSON flag GET "${text}" ${target} ${kind} ${index})
            list(APPEND flags "${flag}")
        endforeach()
    endforeach()
    set(${out} "${flags}" PARENT_SCOPE)
endfunction()
