// The theme would load 1.5 MB of drawn icons here. The icons come from its font, which it loads as well.
