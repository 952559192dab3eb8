#include "dmf/gram_rules/solvers.h"

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/core/errors.h"

namespace dmf {
namespace {

constexpr double kRounding = std::numeric_limits<double>::epsilon();

Eigen::Index at(std::size_t i) {
  return static_cast<Eigen::Index>(i);
}

Eigen::MatrixXd matrix_of(const Gram& gram) {
  const std::size_t K = gram.losses();
  Eigen::MatrixXd matrix(at(K), at(K));
  for (std::size_t i = 0; i < K; ++i) {
    for (std::size_t j = 0; j < K; ++j) matrix(at(i), at(j)) = gram(i, j);
  }
  return matrix;
}

Weights vector_of(const Eigen::VectorXd& v) {
  return {v.data(), v.data() + v.size()};
}

/// z with H z = -q on the chosen rows and columns.
Weights free_minimum(const Gram& hessian, const Weights& q, const std::vector<std::size_t>& free) {
  Eigen::VectorXd right(at(free.size()));
  for (std::size_t i = 0; i < free.size(); ++i) right(at(i)) = -q[free[i]];
  return vector_of(matrix_of(part_of(hessian, free)).ldlt().solve(right));
}

/// The weights of sum 1 on the given support where the gradient is shortest, by the conditions of
/// Lagrange; empty where rounding makes one negative.
Weights polished(const Gram& gram, const std::vector<std::size_t>& support, double scale) {
  const Eigen::Index n = at(support.size());
  Eigen::MatrixXd system = Eigen::MatrixXd::Ones(n + 1, n + 1);
  system.topLeftCorner(n, n) = matrix_of(part_of(gram, support)) / scale;
  system(n, n) = 0.0;
  Eigen::VectorXd right = Eigen::VectorXd::Zero(n + 1);
  right(n) = 1.0;
  const Eigen::FullPivLU<Eigen::MatrixXd> lu(system);
  if (!lu.isInvertible()) return {};
  const Eigen::VectorXd solution = lu.solve(right);
  for (Eigen::Index i = 0; i < n; ++i) {
    if (!(solution(i) >= 0.0)) return {};
  }
  return vector_of(solution.head(n));
}

}  // namespace

double dot(const Weights& a, const Weights& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

Weights times(const Gram& gram, const Weights& w) {
  Weights product(w.size(), 0.0);
  for (std::size_t i = 0; i < w.size(); ++i) {
    for (std::size_t j = 0; j < w.size(); ++j) product[i] += gram(i, j) * w[j];
  }
  return product;
}

double squared_length(const Gram& gram, const Weights& w) {
  return std::max(0.0, dot(w, times(gram, w)));
}

double trace(const Gram& gram) {
  double sum = 0.0;
  for (std::size_t k = 0; k < gram.losses(); ++k) sum += gram(k, k);
  return sum;
}

Gram scaled(const Gram& gram, double factor) {
  Gram result(gram.losses());
  for (std::size_t i = 0; i < gram.losses(); ++i) {
    for (std::size_t j = 0; j < gram.losses(); ++j) result(i, j) = gram(i, j) * factor;
  }
  return result;
}

Gram cosines(const Gram& gram) {
  Gram result(gram.losses());
  for (std::size_t i = 0; i < gram.losses(); ++i) {
    for (std::size_t j = 0; j < gram.losses(); ++j) {
      result(i, j) = i == j && gram.norm(i) > 0.0 ? 1.0 : gram.cosine(i, j);
    }
  }
  return result;
}

Spectrum spectrum(const Gram& gram) {
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(matrix_of(gram));
  Spectrum result{vector_of(solver.eigenvalues()), {}};
  for (Eigen::Index k = 0; k < solver.eigenvalues().size(); ++k) {
    result.vectors.push_back(vector_of(solver.eigenvectors().col(k)));
  }
  return result;
}

Weights pseudo_inverse_times(const Gram& gram, const Weights& b) {
  const Spectrum s = spectrum(gram);
  const double least = s.values.back() * static_cast<double>(b.size()) * kRounding;
  Weights x(b.size(), 0.0);
  for (std::size_t k = 0; k < b.size(); ++k) {
    if (!(s.values[k] > least)) continue;
    const double along = dot(s.vectors[k], b) / s.values[k];
    for (std::size_t i = 0; i < b.size(); ++i) x[i] += along * s.vectors[k][i];
  }
  return x;
}

Weights nonnegative_minimum(const Gram& hessian, const Weights& q) {
  const std::size_t K = q.size();
  double largest = 0.0;
  for (const double each : q) largest = std::max(largest, std::abs(each));
  const double least = 16.0 * kRounding * largest;
  Weights x(K, 0.0);
  std::vector<std::size_t> free;      // whose x is above 0, ascending
  std::vector<bool> tried(K, false);  // without effect since x last moved
  for (std::size_t round = 0; round < 64 * K; ++round) {
    const Weights slope = times(hessian, x);
    std::size_t steepest = K;
    double fall = least;
    for (std::size_t k = 0; k < K; ++k) {
      if (tried[k] || std::binary_search(free.begin(), free.end(), k)) continue;
      if (const double down = -(slope[k] + q[k]); down > fall) {
        fall = down;
        steepest = k;
      }
    }
    if (steepest == K) break;
    const std::vector<std::size_t> before = free;
    free.insert(std::upper_bound(free.begin(), free.end(), steepest), steepest);
    Weights z = free_minimum(hessian, q, free);
    const auto place = std::find(free.begin(), free.end(), steepest) - free.begin();
    if (!(z[static_cast<std::size_t>(place)] > 0.0)) {  // rounding: it depends on the others
      free = before;
      tried[steepest] = true;
      continue;
    }
    while (!free.empty()) {
      double way = 1.0;  // towards z until the first reaches 0
      for (std::size_t i = 0; i < free.size(); ++i) {
        if (z[i] <= 0.0) way = std::min(way, x[free[i]] / (x[free[i]] - z[i]));
      }
      std::vector<std::size_t> kept;
      for (std::size_t i = 0; i < free.size(); ++i) {
        double& value = x[free[i]];
        const bool bound = way < 1.0 && z[i] <= 0.0 && value / (value - z[i]) <= way;
        value = bound ? 0.0 : value + way * (z[i] - value);
        if (!bound) kept.push_back(free[i]);
      }
      if (way == 1.0) break;
      free = kept;
      z = free_minimum(hessian, q, free);
    }
    tried.assign(K, false);
  }
  return x;
}

Weights minimum_above(const Gram& hessian, const Weights& lower) {
  Weights v = nonnegative_minimum(hessian, times(hessian, lower));
  for (std::size_t k = 0; k < v.size(); ++k) v[k] += lower[k];
  return v;
}

// min over w of w^T G w on the simplex is min over x >= 0 of x^T (G + 1 1^T) x / 2 - sum x, with
// w = x / sum x: for a given w the best length of x leaves -1 / (2 (w^T G w + 1)).
Weights shortest_in_hull(const Gram& gram) {
  const std::size_t K = gram.losses();
  const std::vector<std::size_t> longer = with_gradient(gram);
  Weights w(K, 0.0);
  if (longer.size() < K) {
    for (std::size_t k = 0; k < K; ++k) {
      if (!std::binary_search(longer.begin(), longer.end(), k)) {
        w[k] = 1.0 / static_cast<double>(K - longer.size());
      }
    }
    return w;
  }
  double least = gram(0, 0);
  for (std::size_t k = 0; k < K; ++k) least = std::min(least, gram(k, k));
  Gram hessian = scaled(gram, 1.0 / least);
  for (std::size_t i = 0; i < K; ++i) {
    for (std::size_t j = 0; j < K; ++j) hessian(i, j) += 1.0;
  }
  w = nonnegative_minimum(hessian, Weights(K, -1.0));
  const double sum = std::accumulate(w.begin(), w.end(), 0.0);
  std::vector<std::size_t> support;
  for (std::size_t k = 0; k < K; ++k) {
    w[k] /= sum;
    if (w[k] > 0.0) support.push_back(k);
  }
  const Weights exact = polished(gram, support, least);
  for (std::size_t i = 0; i < exact.size(); ++i) w[support[i]] = exact[i];
  return w;
}

bool oppose(const Gram& gram) {
  const Gram unit = cosines(part_of(gram, with_gradient(gram)));
  constexpr double kLeast = 1e-12;  // squared length of a mean of unit vectors
  return unit.losses() > 0 && squared_length(unit, shortest_in_hull(unit)) < kLeast;
}

// In x_k = d_k z_k with d_k = G_kk^(-1 / (1 + power)) the minimised function is
//   z^T C z / 2 - sum_k c_k P(z_k),    C = D G D, c_k = C_kk, P' = z^(-power),
// whose minimum is at z = 1 where no gradient bears on another: lengths of any scale are no harm.
Weights solve_power(const Gram& gram, double power) {
  const std::vector<std::size_t> losses = with_gradient(gram);
  Weights result(gram.losses(), 0.0);
  if (losses.empty() || oppose(gram)) return result;
  const Gram own = part_of(gram, losses);
  const std::size_t K = losses.size();
  Weights d(K), c(K);
  for (std::size_t k = 0; k < K; ++k) d[k] = std::pow(own(k, k), -1.0 / (1.0 + power));
  Gram curved(K);
  for (std::size_t i = 0; i < K; ++i) {
    for (std::size_t j = 0; j < K; ++j) curved(i, j) = d[i] * own(i, j) * d[j];
    c[i] = curved(i, i);
  }
  const auto value_at = [&](const Weights& z) {
    double sum = 0.5 * dot(z, times(curved, z));
    for (std::size_t k = 0; k < K; ++k) {
      sum -= c[k] * (power == 1.0 ? std::log(z[k]) : std::pow(z[k], 1.0 - power) / (1.0 - power));
    }
    return sum;
  };
  Weights z(K, 1.0);
  double before = std::numeric_limits<double>::infinity();
  for (int step = 0; step < 500; ++step) {
    Weights slope = times(curved, z);
    Gram hessian = curved;
    for (std::size_t k = 0; k < K; ++k) {
      const double pull = c[k] * std::pow(z[k], -power);
      slope[k] -= pull;
      hessian(k, k) += power * pull / z[k];
    }
    std::vector<std::size_t> all(K);
    std::iota(all.begin(), all.end(), std::size_t{0});
    const Weights move = free_minimum(hessian, slope, all);
    const double decrement = -dot(slope, move);  // twice what a full step should gain
    double scale = 0.0;
    for (std::size_t k = 0; k < K; ++k) scale = std::max(scale, std::abs(move[k]) / z[k]);
    const bool near = scale < 1e-3;
    if (near && (!(scale < before) || scale < kRounding)) {  // no digit is left to gain
      for (std::size_t k = 0; k < K; ++k) result[losses[k]] = d[k] * z[k];
      return result;
    }
    before = near ? scale : std::numeric_limits<double>::infinity();
    double way = 1.0;
    for (std::size_t k = 0; k < K; ++k) {
      if (move[k] < 0.0) way = std::min(way, 0.9 * z[k] / -move[k]);
    }
    const double now = value_at(z);
    Weights next(K);
    for (;; way *= 0.5) {
      for (std::size_t k = 0; k < K; ++k) next[k] = z[k] + way * move[k];
      if (near || way < 1e-12 || value_at(next) <= now - 0.1 * way * decrement) break;
    }
    z = next;
  }
  throw NumericError("[dmf] the gradients' balance was not found in 500 steps of Newton's method.");
}

std::vector<std::size_t> with_gradient(const Gram& gram) {
  std::vector<std::size_t> which;
  for (std::size_t k = 0; k < gram.losses(); ++k) {
    if (gram(k, k) > 0.0) which.push_back(k);
  }
  return which;
}

Gram part_of(const Gram& gram, const std::vector<std::size_t>& which) {
  Gram part(which.size());
  for (std::size_t i = 0; i < which.size(); ++i) {
    for (std::size_t j = 0; j < which.size(); ++j) part(i, j) = gram(which[i], which[j]);
  }
  return part;
}

}  // namespace dmf
