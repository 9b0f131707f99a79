// A parser that meets the outside, as a function of bytes. Whatever the bytes are it must answer: with a value that
// keeps its promises or with an error that says something, never with a stop. Each target is one file here, built
// twice: with libFuzzer where clang is the compiler (script/fuzz), and with a driver of our own that runs the corpus
// and a few thousand seeded changes of it with every test run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/result.h"

namespace handoff::fuzz {

// What must hold for every input. Ends the process, as a fuzzer wants it.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// An answer that refuses says so in words, under a code.
inline void require_told(const Error& error) {
  require(!error.code.empty(), "an error has a code");
  require(!error.for_caller.empty() || !error.faults.empty(), "an error says something to its caller");
}

}  // namespace handoff::fuzz

// One file of this folder defines it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
