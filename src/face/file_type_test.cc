#include "face/file_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace handoff::face {
namespace {

using testing::HasSubstr;

TEST(FileType, is_seen_in_the_first_bytes) {
  EXPECT_EQ(recognized_type("%PDF-1.7"), "application/pdf");
  EXPECT_EQ(recognized_type("\x89PNG\r\n\x1a\n...."), "image/png");
  EXPECT_EQ(recognized_type("\xFF\xD8\xFF\xE0"), "image/jpeg");
  EXPECT_EQ(recognized_type("GIF89a"), "image/gif");
  EXPECT_EQ(recognized_type(std::string("II*\0", 4)), "image/tiff");
  EXPECT_EQ(recognized_type("RIFF1234WEBPVP8 "), "image/webp");
  EXPECT_EQ(recognized_type("{\\rtf1\\ansi"), "application/rtf");
  EXPECT_EQ(recognized_type("PK\x03\x04 plain"), "application/zip");
  EXPECT_EQ(recognized_type("PK\x03\x04 [Content_Types].xml word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document");
  EXPECT_EQ(recognized_type("\xEF\xBB\xBF <!DOCTYPE html><html>"), "text/html");
  EXPECT_EQ(recognized_type("BMI and weight were taken."), std::nullopt);
  EXPECT_EQ(recognized_type("{\"a\": 1}"), std::nullopt);
  EXPECT_EQ(recognized_type(""), std::nullopt);
}

TEST(FileType, that_contradicts_the_declared_one_is_refused_by_both_names) {
  const auto lie = settled_type("%PDF-1.7", "image/png");
  ASSERT_FALSE(lie);
  EXPECT_EQ(lie.error().code, "attachment.type_mismatch");
  EXPECT_THAT(lie.error().for_caller, testing::AllOf(HasSubstr("image/png"), HasSubstr("application/pdf")));
  EXPECT_FALSE(settled_type("<html><script>", "application/pdf"));
  EXPECT_FALSE(settled_type(std::string("MZ\x90\0 a program", 14), "text/plain"));
}

TEST(FileType, without_a_recognized_type_is_taken_as_declared) {
  EXPECT_EQ(settled_type("hello", "application/pdf").value(), "application/pdf");
  EXPECT_EQ(settled_type("a;b;c", "Text/CSV; charset=utf-8").value(), "text/csv");
  EXPECT_EQ(settled_type("hello", "").value(), "application/octet-stream");
}

TEST(FileType, declared_as_nothing_in_particular_gives_way_to_what_is_seen) {
  EXPECT_EQ(settled_type("%PDF-1.7", "").value(), "application/pdf");
  EXPECT_EQ(settled_type("%PDF-1.7", "application/octet-stream").value(), "application/pdf");
}

TEST(FileType, may_have_several_names) {
  EXPECT_EQ(settled_type("\xFF\xD8\xFF", "image/jpg").value(), "image/jpg");
  EXPECT_TRUE(settled_type("PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"));
  EXPECT_TRUE(settled_type("<?xml version=\"1.0\"?>", "image/svg+xml"));
  EXPECT_EQ(settled_type("x", "not a type").error().code, "attachment.bad_type");
}

TEST(FileName, is_safe_to_show_and_to_save) {
  EXPECT_EQ(clean_file_name("../../etc/passwd"), "passwd");
  EXPECT_EQ(clean_file_name("C:\\scans\\consent.pdf"), "consent.pdf");
  EXPECT_EQ(clean_file_name("a\nb\x01.txt"), "a_b_.txt");
  EXPECT_EQ(clean_file_name("invoice\u202Efdp.exe"), "invoicefdp.exe");
  EXPECT_EQ(clean_file_name("  .hidden. "), "hidden");
  EXPECT_EQ(clean_file_name(""), "file");
  EXPECT_EQ(clean_file_name("同意书.pdf"), "同意书.pdf");
  const std::string long_name = clean_file_name(std::string(500, 'x') + ".pdf");
  EXPECT_EQ(utf8_length(long_name), 200u);
  EXPECT_TRUE(long_name.ends_with(".pdf"));
}

}  // namespace
}  // namespace handoff::face
