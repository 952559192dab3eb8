// {fmt}'s functions, compiled once where there is no library of it to link: Debian packages no static one, and for the
// browser there is none.
#include <fmt/format-inl.h>

template FMT_API auto fmt::detail::thousands_sep_impl<char>(locale_ref)
    -> thousands_sep_result<char>;
template FMT_API auto fmt::detail::decimal_point_impl(locale_ref) -> char;
template FMT_API auto fmt::detail::dragonbox::to_decimal(float x) noexcept -> decimal_fp<float>;
template FMT_API auto fmt::detail::dragonbox::to_decimal(double x) noexcept -> decimal_fp<double>;
