# Writes a C++ file that holds others as bytes. Run as:
#   cmake -DOUTPUT=FILE -DHEADER=PATH "-DFILES=kName=PATH;kName=PATH" -P embed.cmake
set(text "#include \"${HEADER}\"\n\nnamespace dmf::embedded {\n")
foreach(entry IN LISTS FILES)
  string(REGEX MATCH "^([A-Za-z]+)=(.*)$" found "${entry}")
  set(name ${CMAKE_MATCH_1})
  file(READ "${CMAKE_MATCH_2}" bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  string(APPEND text "namespace {\nconst char ${name}Bytes[] = {${bytes}};\n}\n"
                     "const std::string_view ${name}(${name}Bytes, ${size});\n")
endforeach()
file(WRITE "${OUTPUT}" "${text}}  // namespace dmf::embedded\n")
