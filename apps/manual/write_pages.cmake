# Writes the manual pages and completions, which dmf prints, below FOLDER as they lie below share/. Run as:
#   cmake -DDMF=<the program> -DFOLDER=<folder> -P write_pages.cmake
function(write file)  # write(FILE WORDS...)
  execute_process(COMMAND ${DMF} ${ARGN} OUTPUT_VARIABLE text RESULT_VARIABLE status)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "dmf ${ARGN} ended with ${status}")
  endif()
  file(WRITE ${FOLDER}/${file} "${text}")
endfunction()

# Manual pages are packed, as Debian's are; without the time, so that two builds are the same.
function(write_man_page name)  # write_man_page(NAME WORDS...)
  write(man/man1/${name}.1 ${ARGN})
  execute_process(COMMAND gzip -9nf ${FOLDER}/man/man1/${name}.1 COMMAND_ERROR_IS_FATAL ANY)
endfunction()

write_man_page(dmf man)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/../programs.def programs REGEX "^DMF_PROGRAM")
foreach(program IN LISTS programs)
  string(REGEX REPLACE "^DMF_PROGRAM\\(([a-z]+),.*" "\\1" program "${program}")
  write_man_page(dmf-${program} man ${program})
endforeach()
write(bash-completion/completions/dmf completion bash)
write(zsh/site-functions/_dmf completion zsh)
write(fish/vendor_completions.d/dmf.fish completion fish)
