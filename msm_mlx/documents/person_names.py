"""Names for people in documents, from many places, so that no corpus has one person in it four hundred times."""

FIRST_NAMES = (
    "Abena Adel Aino Akira Alba Amadou Anouk Anselm Aroha Astrid Ayumi Bela Benedikt Bilal Bronwen Calla "
    "Cato Chidi Dagny Danilo Delphine Edda Eero Eluned Emeka Esra Fadwa Fergus Filippa Gael Goran Greta "
    "Hala Hamish Hedda Henrike Ines Ioana Isko Ivo Jarek Jelena Jorun Joaquim Kaito Kalinda Katya Kofi "
    "Lakshmi Leocadia Lior Ludmila Mabel Malik Marisol Mihai Nadir Nerys Ngaio Nuria Odile Omid Oskar "
    "Paloma Pavel Petra Quentin Rafiq Ramona Renske Rohan Rosalind Samira Selma Sigrid Soraya Takumi "
    "Tamsin Teodor Thandi Tova Ulrike Umberto Valeska Viggo Wanjiru Wendel Xenia Yael Yusuf Zdenka Zora"
).split()
LAST_NAMES = (
    "Abara Achterberg Aldana Amsel Arslan Bakare Balint Baptiste Bergqvist Boateng Brannigan Castellan "
    "Cerny Chaudhry Corrigan Dalgaard Demir Dlamini Dufresne Eriksen Estrada Falkner Farouk Ferreira "
    "Galanis Ghorbani Grenfell Haugen Hernandez Holub Hosseini Ibarra Ilves Isherwood Jankowski Jovanovic "
    "Kalu Kaplan Kekkonen Kimura Koroma Lachance Lindqvist Lozano Mahlangu Marchetti Mbeki Melnyk Moreau "
    "Nakagawa Novak Nyambura Obradovic Okafor Oyelaran Paredes Pelletier Petrov Quispe Rahimi Ramsay "
    "Rosen Ruiz Sandoval Sarkissian Seong Skarsgard Solberg Szabo Tanaka Tremblay Tuominen Ugarte "
    "Vandermeer Vasquez Verhoeven Vukovic Wachira Weatherby Whitlock Yamada Yilmaz Zapata Zielinski"
).split()
