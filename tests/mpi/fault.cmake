# fault.cmake: runs a program in which a rank dies, and expects the launcher to fail in time, with
# its message, and to leave no process behind.
#
#   cmake -DCOMMAND=<launcher;...;program;arguments> -DEXPECT=<regular expression>
#         -DPROGRAM=<path of its file> -P fault.cmake

execute_process(COMMAND ${COMMAND} RESULT_VARIABLE result OUTPUT_VARIABLE output
                ERROR_VARIABLE errors TIMEOUT 120)
if(result MATCHES "[Tt]imeout")
    message(FATAL_ERROR "hung: ${COMMAND}\n${output}\n${errors}")
endif()
if(result EQUAL 0)
    message(FATAL_ERROR "took it for a success: ${COMMAND}\n${output}\n${errors}")
endif()
if(NOT "${output}\n${errors}" MATCHES "${EXPECT}")
    message(FATAL_ERROR "expected \"${EXPECT}\":\n${output}\n${errors}")
endif()

# The launcher has ended; what it has killed may need a moment to be gone.
set(find "for exe in /proc/[0-9]*/exe; do [ \"$(readlink $exe 2>/dev/null)\" = \"$0\" ] && echo $exe; done; true")
foreach(attempt RANGE 100)
    execute_process(COMMAND sh -c "${find}" "${PROGRAM}" OUTPUT_VARIABLE left)
    if(left STREQUAL "")
        return()
    endif()
    execute_process(COMMAND ${CMAKE_COMMAND} -E sleep 0.2)
endforeach()
message(FATAL_ERROR "left behind: ${left}")
