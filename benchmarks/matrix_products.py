"""The limit: how long the matrix products of a model take by themselves, in the shapes that training and writing need.

Nothing else is counted: no exponentials, no additions, no memory traffic between the products.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import mlx.core as mx
import mlx.nn as nn

Product = tuple[int, int, int, int]
"""How many, and (M, K) times (K, N)."""


def linear_shapes(model: Any) -> Counter[tuple[int, int]]:
    """How many linear layers the blocks of a plain model have, by (inputs, outputs)."""
    linears = [m for layer in model.layers for m in layer.modules() if type(m) is nn.Linear]
    return Counter((m.weight.shape[1], m.weight.shape[0]) for m in linears)


def head_shape(model: Any) -> tuple[int, int]:
    """(inputs, outputs) of the head."""
    return model.args.hidden_size, model.args.vocab_size


def training_products(model: Any, tokens: int, length: int, rank: int) -> Counter[Product]:
    """Those of an update on `tokens` useful tokens, in documents of `length`, by a LoRA adapter of `rank`.

    A frozen matrix takes part twice, forwards and for the gradient of its inputs; each factor of the adapter three
    times; and attention has two products forwards and four backwards, of which half would do, since it is causal.
    """
    products: Counter[Product] = Counter()
    for (inputs, outputs), count in linear_shapes(model).items():
        products[1, tokens, inputs, outputs] += count
        products[1, tokens, outputs, inputs] += count
        for one, other in ((inputs, outputs), (outputs, inputs)):
            products[1, tokens, one, rank] += count  # into the adapter, and back into it
            products[1, tokens, rank, other] += count
            products[1, rank, tokens, one] += count  # the gradient of a factor
    inputs, outputs = head_shape(model)
    products[1, tokens, inputs, outputs] += 1
    products[1, tokens, outputs, inputs] += 1
    heads = model.args.num_attention_heads
    width = getattr(model.args, "head_dim", None) or inputs // heads
    attended = heads * max(tokens // length, 1)
    products[attended, length, width, length] += 2 * len(model.layers)
    products[attended, length, length, width] += 4 * len(model.layers)
    return products


def reading_products(model: Any, tokens: int) -> Counter[Product]:
    """Those of the blocks as `tokens` go through them."""
    return Counter({(1, tokens, *shape): count for shape, count in linear_shapes(model).items()})


def writing_products(model: Any, rows: int) -> Counter[Product]:
    """Those of one more token of each row: blocks and head, without attention."""
    return reading_products(model, rows) + Counter({(1, rows, *head_shape(model)): 1})


def seconds_of(products: Counter[Product]) -> float:
    """What all of them take, each shape measured by itself and counted as often as it occurs."""
    return sum(count * _seconds(_operands(product)) for product, count in products.items())


def _operands(product: Product) -> Callable[[], mx.array]:
    batch, rows, inner, columns = product
    shape = (batch,) if batch > 1 else ()
    left, right = mx.random.normal((*shape, rows, inner)), mx.random.normal((*shape, columns, inner))
    mx.eval(left, right)
    return lambda: left @ right.swapaxes(-1, -2)


def _seconds(product: Callable[[], mx.array], most: float = 0.03) -> float:
    """The mean of as many repetitions as take `most` seconds, two at least, after a first one."""
    mx.eval(product())
    times: list[float] = []
    while len(times) < 2 or sum(times) < most:
        began = time.perf_counter()
        mx.eval(product())
        times.append(time.perf_counter() - began)
    return sum(times) / len(times)


def flops(products: Iterable[tuple[Product, int]]) -> float:
    """Multiplications and additions."""
    return float(sum(2 * batch * m * k * n * count for (batch, m, k, n), count in products))
