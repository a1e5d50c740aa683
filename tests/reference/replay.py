"""The replay pool as a loop over images (section 3.4; CycleGAN's ImagePool)."""

import numpy as np


class LoopPool:
    """Until a batch no longer fits, images are stored and shown; then a coin over 1/2 shows an earlier one and stores
    the new one in its place. `order` ranks the places: the i-th image of a batch meets the i-th ranked one. Images of a
    batch that is larger than the pool are shown as they are after the first `capacity`."""

    def __init__(self, capacity):
        self.capacity = capacity
        self.images = []

    def show(self, images, order, coins):
        first, further = np.split(images, [self.capacity])
        return np.concatenate([self._show(first, order, coins), further])

    def _show(self, images, order, coins):
        if len(self.images) + len(images) <= self.capacity:
            self.images += list(images)
            return np.array(images)
        ranked = sorted(range(len(self.images)), key=lambda place: order[place])
        shown = []
        for image, place, coin in zip(images, ranked, coins, strict=False):
            if coin > 0.5:
                shown.append(self.images[place])
                self.images[place] = image
            else:
                shown.append(image)
        return np.array(shown)
