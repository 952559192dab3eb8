#include "apps/report/outline.h"

#include <fmt/format.h>

#include <array>

namespace dmf {
namespace {

// Sides of a pixel, walked with the inside at the right hand: to the right, down, to the left, up.
constexpr std::array<std::array<int, 2>, 4> kSteps = {{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};

/// The borders of a region, one loop after another.
class Borders {
 public:
  Borders(const PixelSet& region, int unit)
      : region_(region), unit_(unit), width_(static_cast<std::size_t>(region.width) + 1) {
    leaving_.resize(width_ * (static_cast<std::size_t>(region.height) + 1));
    for (int y = 0; y < region.height; ++y) {
      for (int x = 0; x < region.width; ++x) {
        if (!region.at(y, x)) continue;
        if (!region.at(y - 1, x)) leaving(x, y)[0] = true;
        if (!region.at(y, x + 1)) leaving(x + 1, y)[1] = true;
        if (!region.at(y + 1, x)) leaving(x + 1, y + 1)[2] = true;
        if (!region.at(y, x - 1)) leaving(x, y + 1)[3] = true;
      }
    }
  }

  std::string path() {
    std::string text;
    for (int y = 0; y <= region_.height; ++y) {
      for (int x = 0; x <= region_.width; ++x) {
        while (leaving(x, y)[0]) text += loop(x, y);
      }
    }
    return text;
  }

 private:
  std::array<bool, 4>& leaving(int x, int y) {
    return leaving_[static_cast<std::size_t>(y) * width_ + static_cast<std::size_t>(x)];
  }

  /// The loop that begins here to the right, with straight runs as one; it is taken away.
  std::string loop(int x, int y) {
    std::string text = fmt::format("M{} {}", unit_ * x, unit_ * y);
    int direction = 0, run = 0;
    const auto write = [&] {
      const bool across = direction % 2 == 0;
      text += fmt::format("{}{}", across ? 'h' : 'v', unit_ * (direction < 2 ? run : -run));
      run = 0;
    };
    const int from_x = x, from_y = y;
    do {
      leaving(x, y)[static_cast<std::size_t>(direction)] = false;
      x += kSteps[static_cast<std::size_t>(direction)][0];
      y += kSteps[static_cast<std::size_t>(direction)][1];
      ++run;
      if (x == from_x && y == from_y) break;
      // Where two pixels touch at a corner, turning right keeps to the same one.
      for (const int turn : {1, 0, 3}) {
        const int next = (direction + turn) % 4;
        if (!leaving(x, y)[static_cast<std::size_t>(next)]) continue;
        if (next != direction) {
          write();
          direction = next;
        }
        break;
      }
    } while (true);
    write();
    return text + "z";
  }

  const PixelSet& region_;
  int unit_;
  std::size_t width_;
  std::vector<std::array<bool, 4>> leaving_;  // of each corner, the sides that begin at it
};

}  // namespace

PixelSet halved(const PixelSet& region) {
  PixelSet half{(region.height + 1) / 2, (region.width + 1) / 2, {}};
  for (int h = 0; h < half.height; ++h) {
    for (int w = 0; w < half.width; ++w) {
      int inside = 0;
      for (const int dh : {0, 1}) {
        for (const int dw : {0, 1}) inside += region.at(2 * h + dh, 2 * w + dw) ? 1 : 0;
      }
      half.inside.push_back(inside >= 2);
    }
  }
  return half;
}

std::string outline_of(const PixelSet& region, int unit) {
  return Borders(region, unit).path();
}

}  // namespace dmf
