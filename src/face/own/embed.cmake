# cmake -DFROM=openapi.json -DTO=openapi_text.cc -P embed.cmake: the document as a text in the binary.
file(READ ${FROM} text)
file(WRITE ${TO}.new "#include \"face/own/documentation.h\"

namespace handoff::face::own {

std::string_view openapi_text() {
  static constexpr char text[] = R\"handoff(")
file(APPEND ${TO}.new "${text}")
file(APPEND ${TO}.new ")handoff\";
  return {text, sizeof text - 1};
}

}  // namespace handoff::face::own
")
file(RENAME ${TO}.new ${TO})
