# run(<command>...): ends the script where the command fails; ${output} is what it printed.
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
                    ERROR_VARIABLE errors OUTPUT_STRIP_TRAILING_WHITESPACE TIMEOUT 200)
    if(result)
        message(FATAL_ERROR "failed (${result}): ${ARGN}\n${output}\n${errors}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()
