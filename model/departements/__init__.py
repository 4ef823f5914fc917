"""Which département a point lies in, in bulk, without asking anybody.

Polygons: IGN, ADMIN EXPRESS COG 2018, Licence Ouverte (see ATTRIBUTION.md).
"""

from model.departements.coast import LIMIT_KM
from model.departements.lookup import Located, Method, locate
from model.departements.polygons import CODES

__all__ = ["CODES", "LIMIT_KM", "Located", "Method", "locate"]
