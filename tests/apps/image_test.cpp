#include <doctest/doctest.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "apps/data/phantom.h"
#include "apps/image/codecs/image_file.h"
#include "apps/image/image.h"
#include "apps/image/preprocess.h"
#include "engine/core/check.h"
#include "engine/core/rng.h"
#include "tests/support/crc.h"
#include "tests/support/temporary_folder.h"

namespace dmf {
namespace {

using doctest::Contains;

/// The PNG with the byte at `at` of its header changed and the header's checksum made right.
std::string with_header_byte(std::string png, std::size_t at, char value) {
  png[16 + at] = value;
  const std::uint32_t crc = crc_of(std::string_view(png).substr(12, 17), 0xedb88320u);
  for (std::size_t k = 0; k < 4; ++k) png[29 + k] = static_cast<char>(crc >> (24 - 8 * k) & 0xffu);
  return png;
}

}  // namespace

TEST_CASE("image: depths, colours, damage") {
  const TemporaryFolder folder;
  write_png(folder / "rgb.png", 1, 2, 3, {255, 0, 0, 10, 20, 30});
  const RawImage rgb = read_image(folder / "rgb.png");
  CHECK(rgb.channels == 3);
  CHECK(to_intensities(rgb, 1).at(0, 0) == doctest::Approx(0.299));
  CHECK(to_intensities(rgb, 3).at(0, 1, 2) == doctest::Approx(30.0 / 255.0));
  const std::string bytes = read_text(folder / "rgb.png");
  CHECK_THROWS_WITH_AS(decode_image(bytes.substr(0, bytes.size() / 2), "half.png"),
                       Contains("half.png"), IoError);
  CHECK_THROWS_WITH_AS(decode_image("", "none.png"), Contains("none.png is empty"), IoError);
  CHECK_THROWS_WITH_AS(read_image(folder / "absent.png"), Contains("cannot read"), IoError);
  // A header that claims 100000 x 100000 pixels.
  std::string huge = bytes;
  huge.replace(16, 8, std::string("\x00\x01\x86\xa0\x00\x01\x86\xa0", 8));
  CHECK_THROWS_AS(decode_image(huge, "huge.png"), IoError);
  CHECK(is_image_path("a.JPEG"));
  CHECK_FALSE(is_image_path("a.txt"));
}

TEST_CASE("image: the damages of PngSuite's corrupt files, each in one line with the file's name") {
  const std::string good = encode_png(4, 4, 1, std::vector<std::uint8_t>(16, 77));
  CHECK(decode_image(good, "good.png").samples[5] == 77);
  CHECK(decode_image(with_header_byte(good, 3, 4), "same.png").width == 4);
  CHECK(decode_image(good + "trailing", "trailing.png").width == 4);
  const auto changed = [&](std::size_t at, char value) {
    std::string bad = good;
    bad[at] = value;
    return bad;
  };
  const std::size_t data = good.find("IDAT");
  std::string no_pixels = good, line_feeds = good, carriage_returns = good;
  no_pixels.erase(data - 4, good.find("IEND") - data);
  line_feeds.erase(4, 1);               // CR LF to LF
  carriage_returns.insert(7, 1, '\r');  // LF to CR LF
  const std::vector<std::tuple<const char*, std::string, const char*>> damages = {
      {"xs1n0g01", changed(0, '\x09'), "signature"},
      {"xs2n0g01", changed(1, 'Q'), "signature"},
      {"xs4n0g01", changed(3, 'g'), "signature"},
      {"xs7n0g01", changed(6, ' '), "signature"},
      {"xcrn0g04", carriage_returns, "signature"},
      {"xlfn0g04", line_feeds, "signature"},
      {"xhdn0g08", changed(29, static_cast<char>(good[29] ^ 1)), "chunk at byte 8 is wrong"},
      {"xc1n0g08", with_header_byte(good, 9, 1), "colour type 1"},
      {"xc9n2c08", with_header_byte(good, 9, 9), "colour type 9"},
      {"xd0n2c08", with_header_byte(good, 8, 0), "0 bits a sample"},
      {"xd3n2c08", with_header_byte(good, 8, 3), "3 bits a sample"},
      {"xd9n2c08", with_header_byte(good, 8, 99), "99 bits a sample"},
      {"xdtn0g01", no_pixels, "no IDAT"},
      {"xcsn0g01", changed(data + 6, static_cast<char>(good[data + 6] ^ 1)),
       "chunk at byte 33 is wrong"},
      {"palette", with_header_byte(good, 9, 3), "no palette"},
      {"interlace", with_header_byte(good, 12, 2), "interlace 2"},
      {"truncated", good.substr(0, good.size() - 12), "without its IEND"},
      {"length", changed(data - 4, '\x7f'), "claims 21307"},
  };
  for (const auto& damage : damages) {
    const std::string name = std::string(std::get<0>(damage)) + ".png";
    try {
      decode_image(std::get<1>(damage), name);
      FAIL_CHECK(name, " was decoded");
    } catch (const IoError& problem) {
      const std::string text = problem.what();
      CHECK_MESSAGE(text.find(name) != std::string::npos, text);
      CHECK_MESSAGE(text.find(std::get<2>(damage)) != std::string::npos, text);
      CHECK(text.find('\n') == std::string::npos);
    }
  }
}

TEST_CASE("preprocess: squashing and padding to the aspect ratio, there and back") {
  const RawImage raw{2, 4, 1, 255, std::vector<std::uint16_t>(8, 255)};
  PreprocessSpec spec;
  spec.size = 8;
  CHECK(preprocess(raw, spec).at(7, 7) == doctest::Approx(1.0));
  spec.keep_aspect = true;
  const Image padded = preprocess(raw, spec);
  CHECK(padded.at(3, 7) == doctest::Approx(1.0));
  CHECK(padded.at(4, 0) == 0.0f);
  const Image back = restore_size(padded, spec, 2, 4);
  CHECK(back.height == 2);
  CHECK(back.at(1, 3) == doctest::Approx(1.0));
  spec.bilateral = true;
  spec.filter.sigma_range = 0.25;
  const PreprocessSpec again = PreprocessSpec::from_metadata(spec.to_metadata());
  CHECK(again.to_metadata() == spec.to_metadata());
  auto broken = spec.to_metadata();
  broken["preprocess.size"] = "-3";
  CHECK_THROWS_WITH_AS(PreprocessSpec::from_metadata(broken), Contains("'preprocess.size' is '-3'"),
                       IoError);
}

TEST_CASE("clahe: by hand, and where nothing is clipped a histogram is made even") {
  // 256 pixels of level 128, at most 2 of them: the other 254 are spread, so that levels 0 to 128 have
  // 129 * 254 / 256 + 2 pixels.
  Image flat(16, 16, 1);
  std::fill(flat.pixels.begin(), flat.pixels.end(), 128.0f / 255.0f);
  for (const float x : clahe(flat, {2.0, 1}).pixels) {
    CHECK(x == doctest::Approx((129.0 * 254.0 / 256.0 + 2.0) / 256.0));
  }
  // Not clipped: the share that is not brighter.
  Image steps(2, 4, 1);
  steps.pixels = {0.1f, 0.1f, 0.2f, 0.9f, 0.1f, 0.1f, 0.2f, 0.9f};
  const std::vector<double> shares = {0.5, 0.5, 0.75, 1.0};
  const Image even = clahe(steps, {1e6, 1});
  for (int w = 0; w < 4; ++w)
    CHECK(even.at(1, w) == doctest::Approx(shares[static_cast<std::size_t>(w)]));
  // Two tiles side by side, 0 and 1 below: between their centres, 0.5 and 2.5, by distance.
  Image two(1, 4, 1);
  two.pixels = {0.4f, 0.6f, 0.4f, 0.4f};
  const Image between = clahe(two, {1e6, 2});
  CHECK(between.at(0, 0) == doctest::Approx(0.5));                // before the first centre
  CHECK(between.at(0, 1) == doctest::Approx(1.0));                // of both tiles
  CHECK(between.at(0, 2) == doctest::Approx(0.25 * 0.5 + 0.75));  // 0.5 and 1
  CHECK(between.at(0, 3) == doctest::Approx(1.0));
  CHECK(clahe(Image(1, 1, 3), {2.0, 8}).pixels.size() == 3);
  CHECK_THROWS_WITH_AS(clahe(two, {0.0, 2}),
                       "[clahe] clip 0, 2 tiles: expected above 0, and at least 1.", ValueError);
}

TEST_CASE("clahe: tiles that are all the same are as one, whatever their number") {
  Rng rng(5);
  Image tile(8, 6, 1), sheet(24, 18, 1);
  for (float& x : tile.pixels) x = static_cast<float>(rng.uniform(0.0, 1.0));
  for (int h = 0; h < 24; ++h) {
    for (int w = 0; w < 18; ++w) sheet.at(h, w) = tile.at(h % 8, w % 6);
  }
  const Image one = clahe(tile, {3.0, 1}), all = clahe(sheet, {3.0, 3});
  for (int h = 0; h < 24; ++h) {
    for (int w = 0; w < 18; ++w) CHECK(all.at(h, w) == doctest::Approx(one.at(h % 8, w % 6)));
  }
}

TEST_CASE("standardise: mean and deviation, whatever brightness and contrast were") {
  Image image(1, 4, 1);
  image.pixels = {0.2f, 0.4f, 0.2f, 0.4f};  // one deviation below and above
  const Image scores = standardise(image);
  for (int w = 0; w < 4; ++w) {
    CHECK(scores.at(0, w) == doctest::Approx(w % 2 == 0 ? 0.5 - 1.0 / 6.0 : 0.5 + 1.0 / 6.0));
  }
  Rng rng(6);
  Image drawn(9, 7, 3);
  for (float& x : drawn.pixels) x = static_cast<float>(rng.uniform(0.0, 0.5));
  Image other = drawn;
  for (float& x : other.pixels) x = 0.25f + 1.5f * x;
  const Image a = standardise(drawn), b = standardise(other);
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    CHECK(a.pixels[i] == doctest::Approx(b.pixels[i]).epsilon(1e-5));
  }
  std::fill(drawn.pixels.begin(), drawn.pixels.end(), 0.7f);
  for (const float x : standardise(drawn).pixels) CHECK(x == 0.5f);
  Image far(1, 101, 1);
  far.pixels[100] = 1.0f;
  CHECK(standardise(far).at(0, 100) == 1.0f);  // ten deviations away
}

TEST_CASE(
    "preprocess: what is done to contrast is kept with the weights, and leaves padding black") {
  PreprocessSpec spec;
  CHECK(!spec.to_metadata().contains("preprocess.clahe_clip"));
  CHECK(!spec.to_metadata().contains("preprocess.standardise"));
  spec.size = 8;
  spec.keep_aspect = true;
  spec.clahe = spec.standardise = true;
  spec.equalisation = {3.5, 4};
  const PreprocessSpec again = PreprocessSpec::from_metadata(spec.to_metadata());
  CHECK(again.clahe);
  CHECK(again.equalisation.clip == 3.5);
  CHECK(again.equalisation.tiles == 4);
  CHECK(again.standardise);
  const TemporaryFolder folder;
  write_png(folder / "wide.png", 1, 4, 1, {10, 60, 110, 160});
  const Image image = preprocess(read_image(folder / "wide.png"), spec);
  for (int w = 0; w < 8; ++w) {
    CHECK(image.at(0, w) > 0.0f);
    CHECK(image.at(2, w) == 0.0f);
  }
}

TEST_CASE("phantom: reproducible, with a lesion that is darker than its surroundings") {
  for (const auto kind : {PhantomKind::benign, PhantomKind::malignant}) {
    const Sample a = make_phantom(kind, 96, 5), b = make_phantom(kind, 96, 5),
                 c = make_phantom(kind, 96, 6);
    CHECK(a.image.pixels == b.image.pixels);
    CHECK(a.image.pixels != c.image.pixels);
    double inside = 0, outside = 0, n_in = 0, n_out = 0;
    for (std::size_t i = 0; i < a.image.pixels.size(); ++i) {
      (a.labels.labels[i] ? inside : outside) += static_cast<double>(a.image.pixels[i]);
      (a.labels.labels[i] ? n_in : n_out) += 1;
    }
    CHECK(n_in > 0.01 * (n_in + n_out));
    CHECK(inside / n_in < 0.8 * outside / n_out);
  }
  const Sample normal = make_phantom(PhantomKind::normal, 64, 1);
  CHECK(*std::max_element(normal.labels.labels.begin(), normal.labels.labels.end()) == 0);
  CHECK_THROWS_WITH_AS(make_phantom(PhantomKind::benign, 8, 1), Contains("size 8"), ValueError);
}

}  // namespace dmf
