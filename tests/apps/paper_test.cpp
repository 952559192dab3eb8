#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/support/needs.h"
#include "tests/support/programs.h"
#include "tests/support/temporary_folder.h"

// The paper kit of a small grid, compiled as its reader would.

namespace dmf {

TEST_CASE("experiment paper: pdflatex sets it, and no line is wider than the text" *
          needs(DMF_WITH_PDFLATEX,
                "pdflatex was not installed when this was configured (apt-get install "
                "texlive-latex-recommended)")) {
  const TemporaryFolder folder;
  make_data(folder / "data");
  const Outcome grid =
      run("experiment --data " + quoted(folder / "data") + " --out " + quoted(folder / "grid") +
          " --image 32 --base-width 4 --epochs 1 --batch 4 --history-size 2 --repeats 1 "
          "--configurations 'fixed,fixed+cb_dice,softmax(-slope(window(10))/0.1)+cb_dice,"
          "random+cb_dice,bayesian'");
  REQUIRE_MESSAGE(grid.code == 0, grid.text);
  const Outcome paper =
      run("experiment paper " + quoted(folder / "grid") + " --out " + quoted(folder / "paper"));
  REQUIRE_MESSAGE(paper.code == 0, paper.text);
  for (const char* name : {"runs.csv", "images.csv", "methods.tex", "references.bib"}) {
    CHECK_MESSAGE(!read_text(folder / "paper" / name).empty(), name);
  }
  CHECK(read_text(folder / "paper/methods.tex").find("Data: simulated (BUSI layout),") !=
        std::string::npos);
  for (const std::string name : {"main", "supplement"}) {
    const std::string command = "cd " + quoted(folder / "paper") +
                                " && pdflatex -interaction=nonstopmode -halt-on-error " + name +
                                ".tex > /dev/null 2>&1";
    const int status = std::system(command.c_str());
    const std::string log = read_text(folder / "paper" / (name + ".log"));
    const std::size_t wide = log.find("Overfull \\hbox"), error = log.find("\n!");
    CHECK_MESSAGE(status == 0, (error == std::string::npos ? log : log.substr(error, 400)));
    CHECK_MESSAGE(wide == std::string::npos,
                  (wide == std::string::npos ? "" : log.substr(wide, 300)));
  }
}

}  // namespace dmf
