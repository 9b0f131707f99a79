// The summary is judged by what other programs read out of it: the bytes are written to a file and handed to the PDF
// tools that the test script installs.
#include "exchange/summary.h"

#include <gtest/gtest.h>
#include <unicode/normalizer2.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/text.h"
#include "referral/snapshot_samples.h"

namespace handoff::exchange {
namespace {

using referral::Snapshot;
using referral::samples::amelie;
using referral::samples::set_content;

// A file that is gone with the test.
class Pdf {
 public:
  explicit Pdf(const Snapshot& snapshot) : Pdf(render(snapshot)) {}
  explicit Pdf(const std::string& bytes) : bytes_(bytes) {
    const int file = ::mkstemp(path_.data());
    EXPECT_GE(file, 0);
    EXPECT_EQ(::write(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(file);
  }
  ~Pdf() { ::unlink(path_.c_str()); }
  Pdf(const Pdf&) = delete;
  Pdf& operator=(const Pdf&) = delete;

  static std::string render(const Snapshot& snapshot) {
    auto made = render_summary(snapshot);
    EXPECT_TRUE(made) << (made ? "" : made.error().for_log);
    return made ? *made : std::string();
  }
  // What a program says about the file; its complaints count as words too.
  std::string told(const std::string& before, const std::string& after = "") const {
    std::string out;
    const std::string command = before + " " + path_ + " " + after + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    EXPECT_NE(pipe, nullptr);
    if (!pipe) return out;
    std::array<char, 4096> buffer;
    for (std::size_t n; (n = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), n);
    exit_ = ::pclose(pipe);
    return out;
  }
  // In the order of drawing: a label, then the whole of its value.
  std::string text() const { return told("pdftotext -raw", "-"); }
  std::string page_text(int page) const {
    const std::string number = std::to_string(page);
    return told("pdftotext -raw -f " + number + " -l " + number, "-");
  }
  int page_count() const {
    const std::string info = told("pdfinfo");
    const auto at = info.find("Pages:");
    return at == std::string::npos ? -1 : std::atoi(info.c_str() + at + 6);
  }
  int exit() const { return exit_; }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  std::string path_ = "/tmp/handoff-summary-XXXXXX";
  mutable int exit_ = -1;
};

// Where lines break is the page's business.
std::string unbroken(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\n' && c != '\r' && c != '\f' && c != '\t') out += c;
  }
  return out;
}

// Composed and decomposed letters, and Arabic ligatures and their letters, are the same to a reader.
std::string same_letters(const std::string& text) {
  UErrorCode code = U_ZERO_ERROR;
  const auto* normalizer = icu::Normalizer2::getNFKCInstance(code);
  std::string out;
  normalizer->normalize(icu::UnicodeString::fromUTF8(text), code).toUTF8String(out);
  EXPECT_TRUE(U_SUCCESS(code));
  return out;
}

std::string repeated(const std::string& text, std::size_t bytes) {
  std::string out;
  while (out.size() < bytes) out += text;
  return out;
}

// "w0 w1 w2 …"
std::string numbered_words(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += "w" + std::to_string(i) + " ";
  return out;
}

Snapshot named(const char* first, const char* last) {
  Snapshot snapshot = amelie();
  set_content(snapshot, {"registrant", "firstName"}, first);
  set_content(snapshot, {"registrant", "middleName"}, nullptr);
  set_content(snapshot, {"registrant", "lastName"}, last);
  return snapshot;
}

TEST(Summary, EveryDatumCanBeReadUnderItsLabel) {
  const Snapshot snapshot = amelie();
  const Pdf pdf(snapshot);
  const std::string text = unbroken(pdf.text());
  for (const auto& datum : referral::all_data(snapshot)) {
    const std::string row = unbroken(datum.label + datum.value.reveal());
    EXPECT_NE(text.find(row), std::string::npos) << datum.label << ": " << datum.value.reveal();
  }
  EXPECT_EQ(text.find("Thiswarningisnottold"), std::string::npos);
}

TEST(Summary, TheHeadTellsWhoAndWhen) {
  const Pdf pdf(amelie());
  const std::string text = pdf.page_text(1);
  EXPECT_EQ(text.find("REFERRAL SUMMARY"), 0u) << text;
  EXPECT_NE(text.find("Amélie Rose Okafor\n"
                      "Born 1987-02-11 · female · fr (French) · +1 905 555 0142\n"
                      "Appointment Thu 3 Dec 2026, 09:30 (America/Toronto, UTC-05:00) · Dr. Lea Roy · Main St office\n"
                      "Appointment Mon 5 Jul 2027, 10:00 (UTC-03:00) · Telephone\n"),
            std::string::npos)
      << text;
}

TEST(Summary, EveryPageSaysWhoseItIsAndHowManyThereAre) {
  const Pdf pdf(amelie());
  const int count = pdf.page_count();
  ASSERT_EQ(count, 3);
  for (int page = 1; page <= count; ++page) {
    const std::string text = pdf.page_text(page);
    EXPECT_NE(text.find("Page " + std::to_string(page) + " / 3"), std::string::npos);
    EXPECT_NE(text.find("R-2026-000123 · Version 4 · Summary format " + std::to_string(summary_version)),
              std::string::npos);
    EXPECT_EQ(text.find("Amélie Rose Okafor · born 1987-02-11") != std::string::npos, page > 1);
  }
}

TEST(Summary, NamesInEveryScriptAreFoundAndDrawnByTheirOwnFonts) {
  struct Sample {
    const char* first;
    const char* last;
    const char* font;
  };
  for (const Sample& sample : {
           Sample{"Zoë-Łucja", "Ñúñez Ørsted", "NotoSans-Regular"},
           Sample{"Nguyễn Thị", "Ánh", "NotoSans-Regular"},
           Sample{"秀英", "王", "NotoSansCJK"},
           Sample{"ᐊᓪᓚᑯᓗᒃ", "ᐃᓄᒃᑎᑐᑦ", "NotoSansCanadianAboriginal-Regular"},
           Sample{"अनुष्का", "त्रिपाठी", "NotoSansDevanagari-Regular"},
           Sample{"สมศรี", "ใจดี", "NotoSansThai-Regular"},
           Sample{"Олена", "Ковальчук", "NotoSans-Regular"},
           Sample{"Ελένη", "Παπαδοπούλου", "NotoSans-Regular"},
       }) {
    const Snapshot snapshot = named(sample.first, sample.last);
    const Pdf pdf(snapshot);
    const std::string text = same_letters(pdf.text());
    EXPECT_NE(text.find(same_letters(std::string("First Name ") + sample.first)), std::string::npos) << sample.first;
    EXPECT_NE(text.find(same_letters(std::string("Last Name ") + sample.last)), std::string::npos) << sample.last;
    const std::string fonts = pdf.told("pdffonts");
    EXPECT_NE(fonts.find(sample.font), std::string::npos) << fonts;
    EXPECT_EQ(fonts.find("DejaVu"), std::string::npos) << fonts;
    pdf.told("qpdf --check");
    EXPECT_EQ(pdf.exit(), 0) << sample.first;
  }
}

// Extraction of right-to-left text differs between programs; this one gives back letters in reading order once
// ligatures are taken apart.
TEST(Summary, ArabicReadsFromRightToLeft) {
  Snapshot snapshot = named("فاطمة", "الأمين");
  set_content(snapshot, {"notes"}, repeated("تفضل المواعيد الصباحية ", 400));
  const Pdf pdf(snapshot);
  const std::string text = same_letters(pdf.told("mutool draw -q -F txt"));
  EXPECT_NE(text.find(same_letters("فاطمة الأمين")), std::string::npos) << text.substr(0, 300);
  EXPECT_NE(text.find("تفضل المواعيد الصباحية"), std::string::npos);
  const std::string fonts = pdf.told("pdffonts");
  EXPECT_NE(fonts.find("NotoSansArabic-Regular"), std::string::npos) << fonts;
  EXPECT_NE(fonts.find("NotoSansArabic-Bold"), std::string::npos) << fonts;
  EXPECT_EQ(fonts.find("DejaVu"), std::string::npos) << fonts;
}

TEST(Summary, DecomposedAccentsAreTheSameName) {
  const Pdf pdf(named("Ame\u0301lie", "N\u0303u\u0301n\u0303ez"));
  const std::string text = same_letters(pdf.text());
  EXPECT_NE(text.find("First Name Amélie"), std::string::npos);
  EXPECT_NE(text.find("Last Name Ñúñez"), std::string::npos);
}

TEST(Summary, ManyScriptsInOneLineStandTogether) {
  const char* all = "Amélie 王 ᐃᓄᒃ अनुष्का สมศรี Ж Ω ਪੰਜਾਬੀ தமிழ் አማርኛ հայերեն ქართული 한국어 日本語";
  Snapshot snapshot = amelie();
  set_content(snapshot, {"notes"}, all);
  const std::string text = unbroken(same_letters(Pdf(snapshot).text()));
  EXPECT_NE(text.find(unbroken(same_letters(all))), std::string::npos);
}

TEST(Summary, ALongAnswerGoesOnOverPagesWithoutLosingAWord) {
  Snapshot snapshot = amelie();
  const std::string words = numbered_words(2000);
  ASSERT_GT(words.size(), 10'000u);
  set_content(snapshot, {"answers", "livingSituation"}, words);
  const Pdf pdf(snapshot);
  EXPECT_GE(pdf.page_count(), 4);
  const std::string text = pdf.text();
  std::size_t at = text.find("w0 ");
  ASSERT_NE(at, std::string::npos);
  int missing = 0;
  for (int i = 1; i < 2000; ++i) {
    const auto next = unbroken(text.substr(at, 400)).find("w" + std::to_string(i));
    if (next == std::string::npos) ++missing;
    const auto found = text.find("w" + std::to_string(i), at);
    if (found != std::string::npos) at = found;
  }
  EXPECT_EQ(missing, 0);
  EXPECT_NE(text.find("Answers (continued)"), std::string::npos);
  EXPECT_NE(text.find("Living situation (continued)"), std::string::npos);
}

// Long paragraphs are laid out in pieces; a reader must not see where: inside the answer every line is full.
TEST(Summary, PiecesOfALongParagraphShowNoSeam) {
  Snapshot snapshot = amelie();
  set_content(snapshot, {"answers", "livingSituation"}, repeated("ab ", 9'000));
  const std::string text = Pdf(snapshot).text();
  std::size_t shortest = 1000, longest = 0, lines = 0;
  for (const std::string& line : split(text, '\n')) {
    if (!line.starts_with("ab ab")) continue;
    ++lines;
    shortest = std::min(shortest, line.size());
    longest = std::max(longest, line.size());
  }
  EXPECT_GT(lines, 80u);
  // The first line stands behind its label and the last may be short, so at most one line differs.
  EXPECT_LE(longest, 120u);
  std::size_t short_lines = 0;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("ab ab") && line.size() + 6 < longest) ++short_lines;
  }
  EXPECT_LE(short_lines, 1u) << shortest << " of " << longest;
}

TEST(Summary, AWordOfThreeHundredLettersWrapsWithoutAHyphen) {
  Snapshot snapshot = amelie();
  std::string word;
  for (int i = 0; word.size() < 300; ++i) word += "n" + std::to_string(i);
  set_content(snapshot, {"answers", "livingSituation"}, word);
  const std::string text = Pdf(snapshot).text();
  EXPECT_EQ(text.find(word), std::string::npos);
  EXPECT_NE(unbroken(text).find(word), std::string::npos);
}

TEST(Summary, TwoHundredAnswersStandInFormOrder) {
  Snapshot snapshot = amelie();
  for (int i = 0; i < 200; ++i) {
    const std::string key = "q" + std::to_string(i);
    snapshot.listing->form.push_back(referral::samples::field(key, "Question number " + std::to_string(i)));
    set_content(snapshot, {"answers", key.c_str()}, "Answer number " + std::to_string(i));
  }
  const Pdf pdf(snapshot);
  const std::string text = pdf.text();
  std::size_t at = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    at = text.find("Question number " + number + " Answer number " + number + "\n", at);
    ASSERT_NE(at, std::string::npos) << i;
  }
  EXPECT_GE(pdf.page_count(), 7);
  pdf.told("qpdf --check");
  EXPECT_EQ(pdf.exit(), 0);
}

TEST(Summary, ALabelLongerThanItsValueIsReadWhole) {
  Snapshot snapshot = amelie();
  snapshot.listing->form[0].label = numbered_words(900);
  const std::string text = unbroken(Pdf(snapshot).text());
  EXPECT_NE(text.find("w899"), std::string::npos);
  EXPECT_NE(text.find("shelter"), std::string::npos);
}

TEST(Summary, TheSamePictureGivesTheSameBytesInEveryThread) {
  Snapshot chinese = named("秀英", "王");
  const std::string one = Pdf::render(amelie()), two = Pdf::render(chinese);
  ASSERT_NE(one, two);
  std::array<std::string, 4> made;
  std::array<std::thread, 2> threads;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    // The threads draw in different orders: what was drawn before must not show.
    threads[i] = std::thread([&, i] {
      made[2 * i] = Pdf::render(i == 0 ? amelie() : chinese);
      made[2 * i + 1] = Pdf::render(i == 0 ? chinese : amelie());
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_TRUE(made[0] == one && made[3] == one);
  EXPECT_TRUE(made[1] == two && made[2] == two);
  EXPECT_TRUE(Pdf::render(amelie()) == one);
}

// Many font files are opened and closed here; without turns this ended the process.
TEST(Summary, ManyThreadsMayAskAtOnce) {
  Snapshot snapshot = amelie();
  set_content(snapshot, {"notes"},
              "한국어 日本語 ਪੰਜਾਬੀ ગુજરાતી தமிழ் తెలుగు ಕನ್ನಡ മലയാളം සිංහල አማርኛ հայերեն ქართული ខ្មែរ ລາວ မြန်မာ עברית বাংলা");
  const std::string wanted = Pdf::render(snapshot);
  std::array<int, 4> same{};
  std::vector<std::thread> threads;
  for (int& count : same) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) count += Pdf::render(snapshot) == wanted;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : same) EXPECT_EQ(count, 5);
}

TEST(Summary, TheDayOfReadingDoesNotShow) {
  Snapshot later = amelie();
  later.taken_at += std::chrono::hours{24 * 400};
  EXPECT_TRUE(Pdf::render(later) == Pdf::render(amelie()));
  Snapshot changed = amelie();
  changed.referral.updated_at += seconds{60};
  EXPECT_FALSE(Pdf::render(changed) == Pdf::render(amelie()));
}

TEST(Summary, ItsPropertiesNameTheReferralAndNotThePerson) {
  const Pdf pdf(amelie());
  const std::string info = pdf.told("pdfinfo -isodates");
  EXPECT_NE(info.find("Referral Summary R-2026-000123"), std::string::npos) << info;
  EXPECT_NE(info.find("2026-12-01T16:20:00"), std::string::npos) << info;
  EXPECT_NE(info.find("handoff"), std::string::npos) << info;
  EXPECT_EQ(info.find("Okafor"), std::string::npos) << info;
  const std::string check = pdf.told("qpdf --check");
  EXPECT_EQ(pdf.exit(), 0) << check;
  EXPECT_NE(check.find("No syntax or stream encoding errors"), std::string::npos) << check;
  // Structure for readers that read aloud, and bookmarks of the sections.
  const std::string structure = pdf.told("pdfinfo -struct-text");
  EXPECT_NE(structure.find("H1"), std::string::npos);
  EXPECT_NE(structure.find("Registrant"), std::string::npos);
  EXPECT_NE(pdf.told("qpdf --json=1 --json-key=outlines").find("\"Appointments\""), std::string::npos);
}

TEST(Summary, ATestReferralSaysSoOnEveryPage) {
  Snapshot snapshot = amelie();
  EXPECT_EQ(Pdf(snapshot).text().find("TEST REFERRAL"), std::string::npos);
  snapshot.referral.test = true;
  const Pdf pdf(snapshot);
  for (int page = 1; page <= pdf.page_count(); ++page) {
    EXPECT_NE(pdf.page_text(page).find("TEST REFERRAL"), std::string::npos) << page;
  }
}

TEST(Summary, OddTextDoesNotDisturbThePage) {
  Snapshot snapshot = amelie();
  set_content(snapshot, {"notes"},
              "one\r\ntwo\rthree\tfour\x01\x1b[31m five \xe2\x80\xaesix \xf0\x9f\x98\x80 seven\n\n\n");
  set_content(snapshot, {"registrant", "firstName"}, repeated("A very long first name ", 2000));
  set_content(snapshot, {"answers", "livingSituation"}, repeated("e\u0301\u0301\u0301\u0301", 4000));
  set_content(snapshot, {"answers", "empty"}, repeated("字", 6000));
  snapshot.receiver_name = repeated("A society with a name beyond all measure ", 6000);
  const Pdf pdf(snapshot);
  pdf.told("qpdf --check");
  EXPECT_EQ(pdf.exit(), 0);
  const std::string text = pdf.text();
  EXPECT_NE(text.find("one\ntwo\nthree four[31m five"), std::string::npos);
  // An override that nobody sees would turn the rest of the line around.
  EXPECT_NE(text.find("five six"), std::string::npos) << text.substr(text.find("three four"), 100);
  EXPECT_NE(text.find("seven"), std::string::npos);
}

TEST(Summary, AnAlmostEmptyReferralIsOnePage) {
  Snapshot snapshot;
  snapshot.referral.number = "R-2026-000001";
  snapshot.referral.content = Private(Json::object());
  const Pdf pdf(snapshot);
  EXPECT_EQ(pdf.page_count(), 1);
  EXPECT_NE(pdf.text().find("Name not given"), std::string::npos);
  pdf.told("qpdf --check");
  EXPECT_EQ(pdf.exit(), 0);
}

TEST(Summary, AMillionCharactersStayWithinSeconds) {
  Snapshot snapshot = amelie();
  set_content(snapshot, {"answers", "livingSituation"}, repeated("A paragraph that never ends. ", 1'000'000));
  const auto begin = std::chrono::steady_clock::now();
  const std::string bytes = Pdf::render(snapshot);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds{60});
  EXPECT_GT(bytes.size(), 100'000u);
}

}  // namespace
}  // namespace handoff::exchange
