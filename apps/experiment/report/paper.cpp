#include "apps/experiment/report/paper.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

#include "apps/experiment/report/grid_matrix.h"
#include "apps/experiment/report/grid_report.h"
#include "apps/experiment/report/grid_tables.h"
#include "apps/experiment/report/grid_verdict.h"
#include "apps/experiment/report/latex.h"
#include "apps/experiment/report/tidy.h"
#include "apps/files/output_files.h"
#include "apps/support/option_values.h"
#include "apps/support/text.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;

constexpr const char* kReferences = R"(@misc{golnari2024dmf,
  author = {Golnari, Amin and Diba, Mostafa},
  title = {Adaptive Real-Time Multi-Loss Function Optimization Using Dynamic Memory Fusion Framework},
  year = {2024}, eprint = {2410.19745}, archivePrefix = {arXiv}}
@article{wilcoxon1945,
  author = {Wilcoxon, Frank}, title = {Individual Comparisons by Ranking Methods},
  journal = {Biometrics Bulletin}, volume = {1}, number = {6}, pages = {80--83}, year = {1945}}
@article{holm1979,
  author = {Holm, Sture}, title = {A Simple Sequentially Rejective Multiple Test Procedure},
  journal = {Scandinavian Journal of Statistics}, volume = {6}, number = {2}, pages = {65--70}, year = {1979}}
@article{efron1979,
  author = {Efron, Bradley}, title = {Bootstrap Methods: Another Look at the Jackknife},
  journal = {The Annals of Statistics}, volume = {7}, number = {1}, pages = {1--26}, year = {1979}}
)";

constexpr const char* kHead = R"(\documentclass{article}
\usepackage[utf8]{inputenc}
\usepackage{booktabs,array,graphicx}
\begin{document}
)";

/// "random split; a seed each": the splits without what numbers the repetitions.
std::string split_words(const Results& results) {
  std::set<std::string> kinds;
  for (const auto& [unused, run] : results.runs) {
    kinds.insert(run.from.split.substr(0, run.from.split.find(", seed")));
  }
  return first_few({kinds.begin(), kinds.end()}) +
         fmt::format(", {} repetition{} of a seed each", results.repetitions.size(),
                     results.repetitions.size() == 1 ? "" : "s");
}

/// "9", "9 to 11": of all runs.
std::string test_images(const Results& results) {
  std::size_t least = ~std::size_t{0}, most = 0;
  for (const auto& [unused, run] : results.runs) {
    least = std::min(least, run.images.size());
    most = std::max(most, run.images.size());
  }
  return least == most ? fmt::format("{}", most) : fmt::format("{} to {}", least, most);
}

std::string preprocessing(const PreprocessSpec& spec) {
  std::string text = fmt::format("{} images were scaled to {} x {} pixels ({} interpolation{})",
                                 spec.channels == 1 ? "Grey" : "RGB", spec.size, spec.size,
                                 name_of(kInterpolations, spec.interpolation),
                                 spec.keep_aspect ? ", their aspect kept by padding" : "");
  if (spec.bilateral) text += ", filtered bilaterally";
  if (spec.clahe) text += ", their contrast equalised (CLAHE)";
  if (spec.standardise) text += ", standardised to mean 0 and deviation 1";
  return text + ".";
}

std::string methods(const Results& results) {
  const RunResult& any = results.runs.begin()->second;
  const TrainOptions& o = any.options;
  std::string text =
      "% Made of the runs' options: check it, then make it yours.\n\\paragraph{Experiments.} ";
  text += tex_text(fmt::format("Data: {}; {}; {} test images each. ", any.from.data_set,
                               split_words(results), test_images(results)));
  text += tex_text(preprocessing(o.data.preprocess)) + " ";
  text += tex_text(fmt::format("Augmentation: {}. The network was {} ({}). ", o.augment, o.model,
                               settings_text(o.network_spec().settings)));
  text += tex_text(fmt::format(
      "It was trained for {} epochs in batches of {} by {} at a rate of {} ({}); {}{}. ", o.epochs,
      o.batch, o.optimizer, o.lr, name_of(kSchedules, o.schedule),
      o.keeps_last ? "the last weights were kept"
                   : "the weights of the best validation CB-Dice were kept",
      o.early_stop > 0
          ? fmt::format(", and training ended after {} epochs without a better one", o.early_stop)
          : ""));
  text +=
      tex_text(fmt::format(
          "The losses were {}; {} configurations of weighting and auxiliary loss were compared",
          fmt::join(o.base_losses(), ", "), results.configurations.size())) +
      "~\\cite{golnari2024dmf}, a repetition having the same split, initial weights and order of images in all. ";
  text +=
      "Scores are of the lesion, per image: the mean over test images with a lesion, a missed one having Dice 0. "
      "Differences " +
      std::string(kComparedWith) +
      " are paired by image, each image's Dice being the mean over the "
      "repetitions that tested it, with 95\\,\\% bootstrap intervals over images~\\cite{efron1979}, and tested by Wilcoxon's signed-rank "
      "test~\\cite{wilcoxon1945}, two-sided, with Holm's correction~\\cite{holm1979}. ";
  text += tex_text(fmt::format("Software: DMF {}{}.", any.from.version,
                               any.from.commit.empty() ? "" : ", commit " + any.from.commit));
  return text + "\n";
}

std::string figure(const std::string& file, const std::string& width, const std::string& caption) {
  return fmt::format(
      "\\begin{{figure}}[htbp]\\centering\\includegraphics[width={}]{{figures/{}}}\n\\caption{{{}}}\\end{{figure}}\n",
      width, file, tex_text(caption));
}

}  // namespace

std::string write_paper(const Results& results, const fs::path& out, bool overwrite) {
  const std::vector<Comparison> comparisons = compare_over_images(results);
  std::vector<Table> tables = grid_tables(results, comparisons);
  tables.insert(tables.begin(), make_matrix(results, comparisons).table());
  Figures figures = draw_figures_for_print(figures_of(course_plots(results), comparisons));
  std::map<fs::path, std::string> files;
  std::string supplement = kHead;
  std::string main = fmt::format("{}\\input{{methods}}\n\n{}\n\n\\input{{tables/matrix}}\n", kHead,
                                 tex_text(verdict(results, comparisons)));
  for (Table& table : tables) {
    table.note += fmt::format(" Data: {}; {}; {} test images each.",
                              results.runs.begin()->second.from.data_set, split_words(results),
                              test_images(results));
    files["tables/" + table.name + ".tex"] = latex_tables(table);
    if (table.name != "matrix")
      supplement += fmt::format("\\input{{tables/{}}}\n\\clearpage\n", table.name);
  }
  for (auto& [name, content] : figures.files) {
    if (name.extension() == ".pdf" && name.string().find("_page") != std::string::npos) {
      supplement += figure(name.string(), "\\textwidth", name.stem().string());
    }
    if (name == "differences_column.pdf") {
      main += figure(name.string(), "0.6\\textwidth",
                     fmt::format("Paired differences {}, 95 %.", kComparedWith));
    }
    files["figures" / name] = std::move(content);
  }
  files["main.tex"] =
      main + "\\bibliographystyle{plain}\n\\bibliography{references}\n\\end{document}\n";
  files["supplement.tex"] = supplement + "\\end{document}\n";
  files["methods.tex"] = methods(results);
  files["references.bib"] = kReferences;
  files["runs.csv"] = runs_csv(results);
  files["images.csv"] = images_csv(results);
  OutputFiles({"experiment", overwrite, "--out", {}}).write_all(out, std::move(files));
  return fmt::format("paper     {}\nsupplement {}\nfigures   {}{}\n", (out / "main.tex").string(),
                     (out / "supplement.tex").string(), (out / "figures").string(),
                     figures.problem.empty() ? "" : "; " + figures.problem);
}

}  // namespace dmf
