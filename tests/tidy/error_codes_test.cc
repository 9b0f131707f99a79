// Goal: every error a caller can meet is explained, and nothing is explained that no longer exists. Method: read the
// codes from the source and from docs/reference/errors.md and compare.
#include "tests/tidy/error_codes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace handoff::tidy {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(ErrorCodes, every_code_is_explained_and_every_explained_code_exists) {
  const File* document = tree().find("docs/reference/errors.md");
  ASSERT_NE(document, nullptr) << "docs/reference/errors.md is missing";
  const std::set<std::string> explained = codes_explained(*document);
  const std::map<std::string, std::string> made = codes_in_source(tree());
  EXPECT_GT(made.size(), 20u) << "the codes are no longer found in the source";
  for (const auto& [code, where] : made) {
    EXPECT_TRUE(explained.contains(code)) << code << " (" << where << ") has no entry in docs/reference/errors.md";
  }
  const std::set<std::string> texts = code_like_texts(tree());
  for (const std::string& code : explained) {
    EXPECT_TRUE(texts.contains(code)) << code << " of docs/reference/errors.md is made nowhere under src/";
  }
}

TEST(ErrorCodes, an_entry_says_what_happened_who_can_fix_it_and_how) {
  const File* document = tree().find("docs/reference/errors.md");
  ASSERT_NE(document, nullptr);
  std::string code;
  std::string words;
  const auto judge = [&] {
    if (!code.empty()) {
      EXPECT_GE(words.size(), 60u) << code << " says too little";
    }
    words.clear();
  };
  for (const std::string& line : document->lines()) {
    if (line.starts_with("#")) {
      judge();
      code = line.starts_with("### ") ? line.substr(4) : "";
    } else {
      words += line;
    }
  }
  judge();
}

TEST(ErrorCodes, are_found_in_each_form_they_are_written_in) {
  const Tree small = Tree::of({{"src/a/a.cc",
                                "return Error{Kind::conflict, \"a.one\", \"text.not_this\", {}};\n"
                                "faults.push_back(Fault{at(\"/x, y\", {1, 2}) + \"/z\",\n"
                                "                       \"a.two\", \"words\"});\n"
                                "faults.push_back({pointer, long_one ? \"a.three\" : \"a.four\", \"b.no\"});\n"
                                "faults->emplace_back(\"/p\", \"a.five\", \"words\");\n"
                                "Error{Kind::internal, code, text, {}};\n"
                                "return Refusal{408, \"a.six\", words};\n"
                                "table.fault(key, \"a.seven\",\n            \"A sentence follows.\");\n"
                                "Problem{\"a.eight\", \"\\\"x\\\" is none.\"};\n"
                                "log_info(\"no.code\", {}); TriggerRow{\"no.error\", \"Edited since then\"};\n"
                                "names{\"no.name\", \"Gender\"};\n"},
                               {"src/a/a_test.cc", "Error{Kind::conflict, \"only.in_tests\", {}, {}};\n"}});
  EXPECT_THAT(codes_in_source(small), ElementsAre(Pair("a.eight", "src/a/a.cc:10"), Pair("a.five", "src/a/a.cc:5"),
                                                  Pair("a.four", "src/a/a.cc:4"), Pair("a.one", "src/a/a.cc:1"),
                                                  Pair("a.seven", "src/a/a.cc:8"), Pair("a.six", "src/a/a.cc:7"),
                                                  Pair("a.three", "src/a/a.cc:4"), Pair("a.two", "src/a/a.cc:2")));
  EXPECT_THAT(codes_explained({"docs/reference/errors.md", "# Errors\n### `a.one`\nwords\n### `a.two`\n"}),
              ElementsAre("a.one", "a.two"));
}

}  // namespace
}  // namespace handoff::tidy
