// `match_tool evaluate …` is `handoff match evaluate …`.
#include <unistd.h>

#include <iostream>

#include "face/cli/match.h"

int main(int argc, char** argv) {
  std::vector<std::string> args{"match"};
  for (int i = 1; i < argc; ++i) args.emplace_back(argv[i]);
  const handoff::SystemClock clock;
  return handoff::face::cli::run_match(args, {std::cout, std::cerr, clock, isatty(2) == 1}).value_or(2);
}
