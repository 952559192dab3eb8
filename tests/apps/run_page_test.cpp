#include <doctest/doctest.h>

#include <cctype>
#include <cmath>

#include "apps/page/html.h"
#include "apps/report/headline.h"
#include "apps/report/image_section.h"
#include "apps/report/memory_figure.h"
#include "apps/report/model_card.h"
#include "apps/report/outline.h"
#include "engine/core/rng.h"
#include "tests/support/has.h"

// The parts of a run's page.

namespace dmf {
namespace {

/// The pixels whose middle is inside a path, by the even-odd rule: an odd number of its upright sides
/// lies to their left.
std::vector<std::int32_t> filled(const std::string& path, int height, int width) {
  std::vector<int> sides(static_cast<std::size_t>(height * width));
  int x = 0, y = 0, from_x = 0, from_y = 0;
  const auto upright = [&](int to) {
    for (int h = std::min(y, to); h < std::max(y, to); ++h) {
      for (int w = x; w < width; ++w) ++sides[static_cast<std::size_t>(h * width + w)];
    }
    y = to;
  };
  const char* at = path.c_str();
  while (*at != '\0') {
    const char command = *at++;
    const auto number = [&at] {
      char* end = nullptr;
      const long value = std::strtol(at, &end, 10);
      at = end;
      return static_cast<int>(value);
    };
    if (command == 'M') {
      x = from_x = number();
      y = from_y = number();
    } else if (command == 'h') {
      x += number();
    } else if (command == 'v') {
      upright(y + number());
    } else {
      REQUIRE(command == 'z');
      REQUIRE((x == from_x || y == from_y));
      upright(from_y);
      x = from_x;
    }
  }
  std::vector<std::int32_t> inside;
  for (const int count : sides) inside.push_back(count % 2);
  return inside;
}

LabelMap mask(int height, int width, const std::vector<std::int32_t>& labels) {
  LabelMap map(height, width);
  map.labels = labels;
  return map;
}

/// An image of so many pixels: of the lesion found, missed, and of the rest taken for lesion.
ImageScore scored(const std::string& id, int found, int missed, int extra) {
  ImageScore image{id, ConfusionMatrix(2), {}};
  image.confusion.add_count(1, 1, found);
  image.confusion.add_count(1, 0, missed);
  image.confusion.add_count(0, 1, extra);
  image.confusion.add_count(0, 0, 1000 - found - missed - extra);
  return image;
}

}  // namespace

TEST_CASE("outline: filled it is the region again, whatever its shape") {
  CHECK(outline_of(mask(1, 1, {1})) == "M0 0h1v1h-1v-1z");
  CHECK(outline_of(mask(2, 2, {1, 1, 1, 1})) == "M0 0h2v2h-2v-2z");
  CHECK(outline_of(mask(2, 2, {0, 0, 0, 0})).empty());
  CHECK(outline_of(mask(0, 0, {})).empty());
  // Two pixels that touch at a corner are two loops.
  CHECK(outline_of(mask(2, 2, {1, 0, 0, 1})) == "M0 0h1v1h-1v-1zM1 1h1v1h-1v-1z");
  CHECK(outline_of(mask(1, 2, {0, 1}), 4) == "M4 0h4v4h-4v-4z");
  const LabelMap half = halved(mask(3, 3, {1, 0, 1, 1, 0, 0, 0, 0, 1}));
  CHECK(half.height == 2);
  CHECK(half.labels == std::vector<std::int32_t>{1, 0, 0, 0});
  Rng rng(7);
  for (int k = 0; k < 300; ++k) {
    const int height = 1 + static_cast<int>(rng.below(9)),
              width = 1 + static_cast<int>(rng.below(9));
    const double share = rng.uniform();
    LabelMap region(height, width);
    for (std::int32_t& label : region.labels) label = rng.uniform() < share ? 1 : 0;
    CHECK(filled(outline_of(region), height, width) == region.labels);
  }
}

TEST_CASE(
    "headline: the score to quote, what is missed, a sentence for a paper, what to read first") {
  std::vector<ImageScore> images = {scored("benign/a", 90, 10, 10),
                                    scored("malignant/b", 0, 50, 0)};
  images[0].surface.hd95 = 3.25;
  images[1].surface.hd95 = 20.0;
  Provenance from;
  from.split = "random split, seed 1";
  from.simulated = true;
  from.warnings = {"warning: <the rule> never acts"};
  const Scoreboard board = make_scoreboard(images);
  const std::string lines = headline_lines(board);
  CHECK(
      has(lines, "test      lesion Dice 0.450 (0.000 to 0.900), mean over 2 images with lesion\n"));
  CHECK(
      has(lines, "          missed 1 of 2; precision 0.45, recall 0.45; 95 % Hausdorff 11.6 px\n"));
  CHECK(
      headline_sentence(board, from) ==
      "On 2 held-out simulated images with a lesion (random split, seed 1) the mean per-image lesion "
      "Dice was 0.450 (95 % bootstrap interval 0.000 to 0.900); one lesion was missed.");
  Page page;
  add_headline(page, &board, from);
  const std::string text = page.html();
  CHECK(has(text, "<b>0.450</b>"));
  CHECK(has(text, "<b>1 of 2</b>"));
  CHECK(has(text, "<li>Simulated images: nothing here is a result on patients.</li>"));
  CHECK(has(text, "<li>2 test images: no number of so few says much.</li>"));
  CHECK(has(text, "near-duplicates"));
  CHECK(has(text, "<li>&lt;the rule&gt; never acts</li>"));
  from = {};
  from.split = "grouped split, seed 1";
  CHECK(read_first(nullptr, from).empty());

  const Scoreboard free = make_scoreboard({scored("c", 0, 0, 0), scored("d", 0, 0, 4)});
  CHECK(headline_lines(free) == "test      false alarms in 50 % of 2 images without lesion\n");
  CHECK(headline_sentence(free, from) ==
        "On 2 held-out images without a lesion (grouped split, seed 1) 50 % had a false alarm.");
}

TEST_CASE("model card: what it is, what it was made from, how well it does, what it is not for") {
  TrainOptions options;
  options.losses = {"cce", "0.5*focal+tversky"};
  NetworkSpec spec = network_spec("classic");
  spec.settings.set("depth", Index{1});
  spec.settings.set("base-width", Index{2});
  const Model model = model_of(make_network<float>(spec));
  Provenance from;
  from.split = "grouped split, seed 1";
  from.data_set = "BUSI | <b>, 9 images";
  from.warnings = {"warning: *watch* out"};
  const std::vector<ImageScore> images = {scored("benign/a", 90, 10, 10),
                                          scored("malignant/b", 0, 50, 0)};
  const std::string card = model_card(model, options, from, make_scoreboard(images), images);
  CHECK(has(card, "# paper on BUSI"));
  CHECK(has(card, "BUSI \\| \\<b\\>, 9 images"));
  CHECK(has(card, "0.5\\*focal"));
  CHECK(has(card, headline_sentence(make_scoreboard(images), from)));
  CHECK(has(card, "| benign | 1 | 0 | 0.900 |"));
  CHECK(has(card, "| malignant | 1 | 1 | 0.000 |"));
  CHECK(has(card, "- \\*watch\\* out"));
  CHECK(has(card, "not for diagnosis"));
}

TEST_CASE(
    "test images: the worst first, those without a lesion last, each with its point and row") {
  const std::vector<ImageScore> images = {
      scored("benign/a", 90, 10, 0), scored("normal/n", 0, 0, 0), scored("normal/<b>", 0, 0, 9),
      scored("malignant/m", 10, 90, 0)};
  Page page;
  add_images(page, images, {});
  const std::string text = page.html();
  const auto row = [&](const std::string& id) { return text.find("<tr data-row=\"" + id + "\">"); };
  CHECK(row("malignant/m") < row("benign/a"));
  CHECK(row("benign/a") < row("normal/&lt;b&gt;"));
  CHECK(row("normal/&lt;b&gt;") < row("normal/n"));
  CHECK(has(
      text,
      "<th scope=\"row\">malignant/m</th><td>0.182</td><td>10.0</td><td>1.00</td><td>0.10</td>"));
  CHECK(has(text, "<td>alarm</td>"));
  CHECK(has(text, "dot\" data-row=\"benign/a\""));
  CHECK_FALSE(has(text, "dot\" data-row=\"normal/n\""));
  CHECK_FALSE(has(text, "class=\"gallery\""));

  std::vector<TestPicture> pictures = {
      {"benign/a", 4, 4, "JPEG", "M0 0h1v1h-1v-1z", "", "", "", "", "", ""}};
  Page shown;
  add_images(shown, images, pictures);
  CHECK(has(shown.html(), "data:image/jpeg;base64,SlBFRw=="));
  CHECK(has(shown.html(), "<path class=\"truth\" d=\"M0 0h1v1h-1v-1z\"/>"));
  pictures.resize(kMostInPage + 1, pictures.front());  // too many: those beside the page
  Page linked;
  add_images(linked, images, pictures);
  CHECK_FALSE(has(linked.html(), "data:image/jpeg"));
  CHECK(has(linked.html(), "src=\"panels/benign_a.png\""));
  CHECK(url_of("panels/benign_a (1)#%.png") == "panels/benign_a%20%281%29%23%25.png");
}

TEST_CASE("memory: the window, the numbers of the equations and what the weights did") {
  const CsvTable steps = parse_csv(
      "step,epoch,total,a,b,weight_a,weight_b,gamma,lr\n"
      "0,1,1,1,1,.5,.5,5,.1\n1,1,1,nan,1,.5,.5,5,.1\n2,1,1,2,1,.25,.75,4,.1\n3,1,1,3,1.5,1,0,3,.1\n",
      "steps.csv");
  TrainOptions options;
  options.losses = {"a", "b"};
  options.auxiliary = "cb_dice";
  options.fusion.weighting = "variance";
  options.fusion.history_size = 2;
  options.fusion.history_size_max = 2;
  Page page;
  add_memory(page, steps, options, true);
  const std::string text = page.html();
  CHECK(has(text, "From step 3 on a has more than 0.99 of the weight"));
  // Of two values the normalised ones are 0 and just below 1: variance 1/4.
  CHECK(has(
      text,
      "Step 3: a 3, variance (3) 0.250, weight (4) 1.000; b 1.5, variance (3) 0.250, weight (4) "
      "0.000; gamma (2) 3."));
  CHECK(has(text, "\"steps\":[0.0,2.0,3.0],\"first\":[0.0,0.0,2.0]"));
  CHECK(has(text, "\"mad\":[[0.5,0.5],"));
  CHECK_FALSE(has(text, "\"variance\":["));
  CHECK(has(text, ">the rule acts</text>"));
  CHECK(has(text, ">1/2</text>"));
  Page live;
  add_memory(live, steps, options, false);
  CHECK_FALSE(has(live.html(), "\"mad\":"));
  options.fusion.history_size = options.fusion.history_size_max = 50;
  Page waiting;
  add_memory(waiting, steps, options, false);
  CHECK(has(waiting.html(), "The memory never filled"));
  Page empty;
  add_memory(empty, parse_csv("step,epoch,a,weight_a,gamma\n0,1,nan,1,0\n", "steps.csv"), options,
             true);
  CHECK(empty.sections.empty());
}

}  // namespace dmf
