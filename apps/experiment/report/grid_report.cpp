#include "apps/experiment/report/grid_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "apps/experiment/report/figures.h"
#include "apps/experiment/report/grid_matrix.h"
#include "apps/experiment/report/grid_pictures.h"
#include "apps/experiment/report/grid_plots.h"
#include "apps/experiment/report/grid_tables.h"
#include "apps/experiment/report/grid_verdict.h"
#include "apps/experiment/report/latex.h"
#include "apps/experiment/report/tidy.h"
#include "apps/files/output_files.h"
#include "apps/page/html.h"
#include "apps/page/page.h"
#include "apps/support/option_values.h"

namespace dmf {
namespace {

namespace fs = std::filesystem;
using Files = std::map<fs::path, std::string>;  // by their names below the folder

/// The table of all runs, each number a link to the run's own page where it has one.
std::string linked_html(const Table& table, const Results& results, const fs::path& out) {
  HtmlTable page = table.for_page();
  for (const std::string& configuration : results.configurations) {
    std::vector<std::string> links = {""};
    for (const std::string& repetition : results.repetitions) {
      const RunResult* run = results.find(configuration, repetition);
      const bool there = run != nullptr && fs::exists(run->folder / "report.html");
      links.push_back(there ? link_from(out, run->folder / "report.html") : "");
    }
    page.links.push_back(std::move(links));
  }
  return html(page);
}

void add_facts(Page& page, const Results& results) {
  const RunResult& any = results.runs.begin()->second;
  const TrainOptions& options = any.options;
  page.add(
      "The grid", "",
      facts_html(
          {{"data", any.from.data_set},
           {"splits", describe_splits(results)},
           {"runs", fmt::format("{} of {} configurations, {} repetitions", results.runs.size(),
                                results.configurations.size(), results.repetitions.size())},
           {"network", fmt::format("{}, {}, {} x {}", options.model,
                                   settings_text(options.network_spec().settings),
                                   options.data.preprocess.size, options.data.preprocess.size)},
           {"training",
            fmt::format("{} epochs, batches of {}, {}, rate {} ({})", options.epochs, options.batch,
                        options.optimizer, options.lr, name_of(kSchedules, options.schedule))},
           {"machine", any.from.machine},
           {"version",
            any.from.version + (any.from.commit.empty() ? "" : ", commit " + any.from.commit)},
           {"one run's command", any.from.command}}));
}

/// Tables with their notes, each a section; the runs' with links.
void add_tables(Page& page, const std::vector<Table>& tables, const std::vector<std::string>& names,
                const Results& results, const fs::path& out) {
  for (const std::string& name : names) {
    for (const Table& table : tables) {
      if (table.name != name) continue;
      page.add(table.title, table.note,
               name == "every_run" ? linked_html(table, results, out) : html(table.for_page()));
    }
  }
}

void add_course(Page& page, const CoursePlots& course, std::size_t repetitions) {
  const std::string band =
      repetitions == 1
          ? "One repetition."
          : fmt::format("Mean over {} repetitions; the band from their least to their largest.",
                        repetitions);
  for (const Multiples& each : course.weights)
    page.add("Weights over time", band, multiples_html(each));
  for (const auto* groups : {&course.validation, &course.losses}) {
    for (const Multiples& each : *groups) {
      page.add(each.title, band + " In grey the other configurations.", multiples_html(each));
    }
  }
}

}  // namespace

std::vector<Figure> figures_of(const CoursePlots& course,
                               const std::vector<Comparison>& comparisons) {
  std::vector<Figure> figures;
  for (const auto* groups : {&course.weights, &course.validation, &course.losses}) {
    for (const Multiples& each : *groups) {
      figures.push_back({each.title, [each](int width) { return multiples_file(each, width); }});
    }
  }
  if (!comparisons.empty()) {
    figures.push_back({"differences", [plot = difference_plot(comparisons)](int width) mutable {
                         plot.width = width;
                         return interval_plot_file(plot);
                       }});
  }
  return figures;
}

namespace {

/// Links to all that lies beside the page, a table a row.
void add_files(Page& page, const Files& files) {
  std::map<std::string, std::vector<fs::path>> rows;  // by name without ending
  std::size_t most = 0;
  for (const auto& [name, unused] : files) {
    std::vector<fs::path>& row = rows[(name.parent_path() / name.stem()).string()];
    row.push_back(name);
    most = std::max(most, row.size());
  }
  HtmlTable table{.caption = "Files beside this page", .columns = {"file"}, .rows = {}};
  for (std::size_t k = 0; k < most; ++k) table.columns.push_back(k == 0 ? "as" : "or as");
  for (const auto& [name, paths] : rows) {
    std::vector<std::string> texts = {name}, links = {""};
    for (const fs::path& path : paths) {
      texts.push_back(path.extension().string().substr(1));
      links.push_back(url_of(path));
    }
    texts.resize(most + 1);
    table.rows.push_back(std::move(texts));
    table.links.push_back(std::move(links));
  }
  page.add(
      "Files",
      "Tables hold the numbers above; runs.csv and images.csv every score of every run and image.",
      html(table));
}

std::string page_html(const Results& results, const std::vector<Comparison>& comparisons,
                      const std::vector<Table>& tables, const CoursePlots& course,
                      const Files& files, const fs::path& out) {
  Page page;
  page.title = grid_name(results);
  page.badge = badge_of(results.runs.begin()->second.from);
  page.lines = {"Research software, not for diagnosis."};
  const GridMatrix matrix = make_matrix(results, comparisons);
  page.add("What it found", "",
           fmt::format("<p class=\"answer\">{}</p>\n", escaped(verdict(results, comparisons))) +
               read_first_html(cautions(results)) + matrix.html());
  if (!comparisons.empty()) {
    page.add("Differences", fmt::format("Paired, {}; filled where significant (†).", kComparedWith),
             interval_plot_html(difference_plot(comparisons)));
  }
  add_tables(page, tables,
             {"tests", "tuned", "cost", "repetitions", "every_run", "lesion", "sizes", "extremes"},
             results, out);
  add_course(page, course, results.repetitions.size());
  add_pictures(page, results);
  add_tables(page, tables, {"paper", "beside_paper"}, results, out);
  add_facts(page, results);
  const std::vector<std::string> missing = missing_runs(results);
  if (!missing.empty()) page.add("Not in the tables", "", list_html(missing));
  add_files(page, files);
  return page.html();
}

}  // namespace

std::string write_grid_report(const Results& results, const fs::path& out, bool overwrite,
                              const StepCost& cost) {
  const std::vector<Comparison> comparisons = compare_over_images(results);
  std::vector<Table> tables = grid_tables(results, comparisons);
  tables.insert(tables.begin(), make_matrix(results, comparisons).table());
  if (cost) tables.push_back(cost_table(results, cost));
  Files files;
  for (const Table& table : tables) {
    const fs::path name = fs::path("tables") / table.name;
    files[name.string() + ".csv"] = table.csv();
    files[name.string() + ".md"] = table.markdown();
    files[name.string() + ".tex"] = latex_tables(table);
  }
  files["runs.csv"] = runs_csv(results);
  files["images.csv"] = images_csv(results);
  const CoursePlots course = course_plots(results);
  for (auto& [name, content] : draw_figures(figures_of(course, comparisons))) {
    files["figures" / name] = content;
  }
  std::string page = page_html(results, comparisons, tables, course, files, out);
  files["report.html"] = std::move(page);
  OutputFiles({"experiment", overwrite, "--out", {}}).write_all(out, std::move(files));

  std::string lines;
  for (const std::string& line : missing_runs(results)) lines += line + "\n";
  lines += fmt::format("found     {}\n", verdict(results, comparisons));
  lines += fmt::format("report    {}\ntables    {}\n", (out / "report.html").string(),
                       (out / "tables").string());
  return lines + fmt::format("figures   {}\n", (out / "figures").string());
}

}  // namespace dmf
