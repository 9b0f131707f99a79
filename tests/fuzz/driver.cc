// Runs one target over its corpus and over seeded changes of it: driver CORPUS [CHANGES] [SEED]. The same seed gives
// the same inputs on every machine. A file given instead of a folder is run alone, to look at an input that failed.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/random.h"
#include "tests/fuzz/fuzz.h"

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run(const std::string& input) {
  // A copy of exactly this size, so that a reader beyond its end is seen by the sanitizers.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// What hostile and clumsy senders do: cut, repeat, splice, flip, and put what has a meaning where it does not belong.
std::string changed(const std::vector<std::string>& corpus, handoff::Random& random) {
  static const std::vector<std::string> tokens{"\"",
                                               "\\u0000",
                                               "\xff\xfe",
                                               "{",
                                               "[[[[[[[[",
                                               "\r\n",
                                               "\n",
                                               "--",
                                               "%00",
                                               "%",
                                               "=",
                                               ";",
                                               ":",
                                               "0",
                                               "-1",
                                               "1e999",
                                               "99999999999999999999",
                                               "null",
                                               "\xed\xa0\x80",
                                               "chunked",
                                               "'",
                                               "${",
                                               "}}",
                                               "\xc3",
                                               "''''",
                                               std::string(1, '\0')};
  const auto below = [&](std::size_t bound) {
    return bound == 0 ? 0 : static_cast<std::size_t>(random.next() % bound);
  };
  std::string text = corpus[below(corpus.size())];
  for (std::size_t change = 0, changes = 1 + below(6); change < changes; ++change) {
    const std::size_t at = below(text.size() + 1), length = below(std::min<std::size_t>(text.size() - at, 40) + 1);
    switch (below(7)) {
      case 0: text.erase(at, length); break;
      case 1: text.insert(at, text.substr(at, length)); break;
      case 2: text.insert(at, tokens[below(tokens.size())]); break;
      case 3: {
        const std::string& other = corpus[below(corpus.size())];
        text = text.substr(0, at) + other.substr(below(other.size() + 1));
        break;
      }
      case 4:
        if (at < text.size()) text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << below(8)));
        break;
      case 5:
        if (at < text.size()) text[at] = static_cast<char>(random.next());
        break;
      default: text.resize(at); break;
    }
    if (text.size() > 65'536) text.resize(65'536);
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS [CHANGES] [SEED]\n", argv[0]);
    return 2;
  }
  namespace fs = std::filesystem;
  if (fs::is_regular_file(argv[1])) {
    run(read_file(argv[1]));
    return 0;
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(argv[1])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<std::string> corpus;
  for (const auto& file : files) corpus.push_back(read_file(file));
  if (corpus.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", argv[1]);
    return 1;
  }
  for (const auto& input : corpus) run(input);
  const std::uint64_t changes = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 5000;
  const std::uint64_t seed = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 1;
  handoff::SeededRandom random(seed);
  std::string input;
  const fs::path kept = fs::temp_directory_path() / ("handoff-fuzz-" + std::to_string(::getpid()));
  for (std::uint64_t i = 0; i < changes; ++i) {
    input = changed(corpus, random);
    // Written before it is run, so that the input that stops the process is still there afterwards.
    std::ofstream(kept, std::ios::binary) << input;
    run(input);
  }
  fs::remove(kept);
  std::printf("%zu inputs of the corpus and %llu changed ones\n", corpus.size(),
              static_cast<unsigned long long>(changes));
  return 0;
}
