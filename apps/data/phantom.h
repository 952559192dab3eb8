#pragma once

#include <cstdint>
#include <string>

#include "apps/image/sample.h"

namespace dmf {

/// What a simulated B-mode image shows.
enum class PhantomKind { benign, malignant, normal };

std::string phantom_kind_name(PhantomKind kind);

/// A simulated breast-ultrasound image with its truth, [size, size], reproducible from the seed.
///
/// Scatterers of random strength fill layered tissue (skin, fat, gland, muscle); a lesion holds
/// fewer: a smooth oval when benign, an irregular, spiculated outline with a shadow below when
/// malignant. The scatterers are convolved with the probe's point-spread function, whose pulse
/// oscillates along the beam (downwards) and whose width grows away from the focus; the envelope of
/// that signal, attenuated with depth, is log-compressed at a random gain and dynamic range.
/// (Method: the linear scatterer model of Bamber & Dickinson, 1980.)
///
/// throws  ValueError for a size below 32
Sample make_phantom(PhantomKind kind, int size, std::uint64_t seed);

}  // namespace dmf
