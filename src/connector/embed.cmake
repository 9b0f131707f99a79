# Puts the profiles that handoff ships into the binary, so that it needs no files beside it. Included by src/CMakeLists.txt;
# run by itself with -P it writes the source.
if(CMAKE_SCRIPT_MODE_FILE)
  # OUT: the file to write. PROFILES: the files, separated by "|".
  string(REPLACE "|" ";" files "${PROFILES}")
  set(text "// Written by the build from profiles/*.toml.\n#include \"connector/list.h\"\n\nnamespace handoff::connector {\n\n")
  string(APPEND text "const std::vector<ShippedProfile>& shipped_profiles() {\n  static const std::vector<ShippedProfile> all{\n")
  foreach(file ${files})
    get_filename_component(name ${file} NAME)
    file(READ ${file} hexadecimal HEX)
    string(REGEX REPLACE "(..)" "\\\\x\\1" escaped "${hexadecimal}")
    # Compilers bound the length of one line; adjacent literals are joined.
    string(LENGTH "${escaped}" length)
    set(at 0)
    set(literal "")
    while(at LESS length)
      string(SUBSTRING "${escaped}" ${at} 96 line)
      string(APPEND literal "       \"${line}\"\n")
      math(EXPR at "${at} + 96")
    endwhile()
    string(APPEND text "      {\"${name}\",\n${literal}      },\n")
  endforeach()
  string(APPEND text "  };\n  return all;\n}\n\n}  // namespace handoff::connector\n")
  file(WRITE ${OUT} "${text}")
  return()
endif()

file(GLOB handoff_profiles CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/profiles/*.toml)
string(REPLACE ";" "|" handoff_profile_list "${handoff_profiles}")
set(handoff_shipped_profiles ${CMAKE_CURRENT_BINARY_DIR}/connector/shipped_profiles.cc)
add_custom_command(
  OUTPUT ${handoff_shipped_profiles}
  COMMAND ${CMAKE_COMMAND} "-DOUT=${handoff_shipped_profiles}" "-DPROFILES=${handoff_profile_list}" -P ${CMAKE_CURRENT_LIST_FILE}
  DEPENDS ${handoff_profiles} ${CMAKE_CURRENT_LIST_FILE}
  VERBATIM)
target_sources(handoff_connector PRIVATE ${handoff_shipped_profiles})
